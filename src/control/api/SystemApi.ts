import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { storeKinds } from "../../domain/Job.ts"
import { Section } from "../doctor/Section.ts"
import { CapturePhase } from "./CapturePhase.ts"
import { CoverageJson, IncarnationJson } from "./CoverageJson.ts"
import { AcceptGap, GapAcceptance, GapJson } from "./GapJson.ts"
import { HoleJson } from "./HoleJson.ts"
import { MetricsHistoryJson } from "./MetricsHistoryJson.ts"
import { MetricsJson } from "./MetricsJson.ts"
import { Authorized } from "./Principal.ts"
import { GapNotThere, Unavailable } from "./Problems.ts"
import { ProcessJson } from "./ProcessJson.ts"

const Text = Schema.NullOr(Schema.String)

/** Capture and its slot. LSNs are text; null where nothing is known yet. */
export const SourceJson = Schema.Struct({
  source: Schema.String,
  /** Whether the changes are made up by the built-in demo. */
  demo: Schema.Boolean,
  phase: CapturePhase,
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
  /** What may still be written before the slot is in danger of being lost; null when nothing bounds it. */
  safe_bytes: Schema.NullOr(Schema.Int),
  /** How long that takes at the rate of the last minutes, if the slot moves no more. */
  seconds_until_lost: Schema.NullOr(Schema.Finite),
  /** Whether the server lets go of WAL that it kept for the slot; null as long as that is not known. */
  slot_advancing: Schema.NullOr(Schema.Boolean),
  /** The hole that it has stopped at, which an admin may accept; null for none. */
  gap: Schema.NullOr(GapJson),
  /** The log beside an archive in Kafka that takes changes while Kafka is away; null where there is none. */
  spill: Schema.NullOr(
    Schema.Struct({
      file: Schema.String,
      /** Since when it takes what Kafka does not; null while Kafka does. */
      since: Text,
      /** Whether Kafka is back and takes what is in it. */
      drains: Schema.Boolean,
      /** What Kafka does not have yet. */
      transactions: Schema.Int,
      bytes: Schema.Int,
      max_bytes: Schema.Int,
      /** Why it cannot be drained, though Kafka answers. */
      message: Text
    })
  ),
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

/** What is held without a hole. */
export const HeldJson = Schema.Struct({
  archive: Store,
  live_buffer: Schema.Struct({
    ...Store.fields,
    /** Why nothing of it can be read now, though something may be in it; null, or not there, when it answers. */
    reason: Schema.optionalKey(Schema.NullOr(Schema.String))
  }),
  incarnations: Schema.Array(IncarnationJson),
  holes: Schema.Array(HoleJson)
})

export const DoctorJson = Schema.Struct({
  sections: Schema.Array(Section),
  /** Nothing was found that cannot work. */
  healthy: Schema.Boolean
})

export const ActorsJson = Schema.Struct({ items: Schema.Array(ProcessJson) })

export const TargetsJson = Schema.Struct({ items: Schema.Array(Schema.Struct({ name: Schema.String })) })

/** What the system itself is and does. */
export class SystemApi extends HttpApiGroup.make("system")
  .add(
    HttpApiEndpoint.get("source", "/source", { success: SourceJson }),
    HttpApiEndpoint.post("acceptGap", "/source/accept-gap", {
      payload: AcceptGap,
      success: GapAcceptance,
      error: [GapNotThere, Unavailable]
    }).annotate(
      OpenApi.Description,
      "Lets capture go over the hole that it has stopped at. It is put on record, and the source's next life begins within seconds."
    ),
    HttpApiEndpoint.get("coverage", "/coverage", {
      success: HeldJson,
      error: Unavailable
    }).annotate(
      OpenApi.Description,
      "What each store holds without a hole, the lives of the source with the holes between them, and what of single tables is not in the history."
    ),
    HttpApiEndpoint.get("doctor", "/doctor", { success: DoctorJson }).annotate(
      OpenApi.Description,
      "Looks the instance, its source, targets and control database over, with what mends what is found. Changes nothing."
    ),
    HttpApiEndpoint.get("metrics", "/metrics", { success: MetricsJson }).annotate(
      OpenApi.Description,
      "Rates, latency, how full the live buffer is, jobs by status, and what the supervision trees come to."
    ),
    HttpApiEndpoint.get("metricsHistory", "/metrics/history", { success: MetricsHistoryJson }).annotate(
      OpenApi.Description,
      "Rates, latency and how full the live buffer was over the last hour, a look each five seconds, since the process that answers began."
    ),
    HttpApiEndpoint.get("actors", "/actors", { success: ActorsJson }).annotate(
      OpenApi.Description,
      "The supervision tree of every process. Without the control database, of the one that answers."
    ),
    HttpApiEndpoint.get("targets", "/targets", { success: TargetsJson }).annotate(
      OpenApi.Description,
      "The configured targets: what a job may name."
    )
  )
  .middleware(Authorized)
  .prefix("/system")
  .annotateMerge(OpenApi.annotations({ title: "System" })) {}
