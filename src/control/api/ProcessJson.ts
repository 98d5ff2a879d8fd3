import { Schema } from "effect"
import { ActorJson } from "./ActorJson.ts"

export const processRoles = ["dev", "ingestor", "worker", "replayer", "control"] as const

/** One process of the deployment, as it last told of itself. Times are the control database's. */
export const ProcessJson = Schema.Struct({
  id: Schema.String,
  role: Schema.Literals(processRoles),
  host: Schema.String,
  pid: Schema.Int,
  version: Schema.String,
  started_at: Schema.String,
  told_at: Schema.String,
  /** Not heard of for ten seconds: it is gone, frozen, or does not reach the control database. */
  silent: Schema.Boolean,
  actors: ActorJson
}).annotate({ identifier: "Process" })
export type ProcessJson = typeof ProcessJson.Type
