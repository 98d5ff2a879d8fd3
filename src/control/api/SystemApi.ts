import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { storeKinds } from "../../domain/Job.ts"
import { Section } from "../doctor/Section.ts"
import { ActorJson } from "./ActorJson.ts"
import { CoverageJson } from "./CoverageJson.ts"
import { HoleJson } from "./HoleJson.ts"
import { Authorized } from "./Principal.ts"
import { Unavailable } from "./Problems.ts"

const Text = Schema.NullOr(Schema.String)

/** Capture and its slot. LSNs are text; null where nothing is known yet. */
export const SourceJson = Schema.Struct({
  source: Schema.String,
  /** Whether the changes are made up by the built-in demo. */
  demo: Schema.Boolean,
  phase: Schema.Literals(["starting", "attaching", "capturing", "blocked", "retrying", "stopped", "ended"]),
  /** Why it is not capturing, and the way out. */
  message: Text,
  fix: Text,
  /** The same for programs; an open list. Null while it captures. */
  code: Text,
  slot: Schema.String,
  publication: Schema.String,
  plugin: Schema.String,
  /** The last transaction that the archive has, whole. */
  seq: Schema.Int,
  frontier: Schema.String,
  current_lsn: Text,
  /** WAL between what is confirmed and the source's end. */
  lag_bytes: Schema.NullOr(Schema.Int),
  /** From commit until durable in the archive, for the newest batch. */
  latency_seconds: Schema.NullOr(Schema.Finite),
  retained_bytes: Schema.NullOr(Schema.Int),
  wal_status: Text,
  slot_active: Schema.NullOr(Schema.Boolean),
  last_commit_time: Text,
  coverage_time: Text,
  /** Since this process began. */
  transactions: Schema.Int,
  changes: Schema.Int,
  reconnects: Schema.Int
}).annotate({ identifier: "Source" })
export type SourceJson = typeof SourceJson.Type

const Store = Schema.Struct({ kind: Schema.Literals(storeKinds), coverage: CoverageJson })

/** What the system itself is and does. */
export class SystemApi extends HttpApiGroup.make("system")
  .add(
    HttpApiEndpoint.get("source", "/source", { success: SourceJson }),
    HttpApiEndpoint.get("coverage", "/coverage", {
      success: Schema.Struct({ archive: Store, live_buffer: Store, holes: Schema.Array(HoleJson) }),
      error: Unavailable
    }).annotate(
      OpenApi.Description,
      "What each store holds without a hole, and what of single tables is not in the history."
    ),
    HttpApiEndpoint.get("doctor", "/doctor", {
      success: Schema.Struct({
        sections: Schema.Array(Section),
        /** Nothing was found that cannot work. */
        healthy: Schema.Boolean
      })
    }).annotate(
      OpenApi.Description,
      "Looks the instance, its source, targets and control database over, with what mends what is found. Changes nothing."
    ),
    HttpApiEndpoint.get("actors", "/actors", { success: ActorJson }).annotate(
      OpenApi.Description,
      "The supervision tree of this process."
    ),
    HttpApiEndpoint.get("targets", "/targets", {
      success: Schema.Struct({ items: Schema.Array(Schema.Struct({ name: Schema.String })) })
    }).annotate(OpenApi.Description, "The configured targets: what a job may name.")
  )
  .middleware(Authorized)
  .prefix("/system")
  .annotateMerge(OpenApi.annotations({ title: "System" })) {}
