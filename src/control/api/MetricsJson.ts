import { Schema } from "effect"
import { storeKinds } from "../../domain/Job.ts"
import { processRoles } from "./ProcessJson.ts"

const Rate = Schema.NullOr(Schema.Finite)

/** How the whole system does, for people who watch it. What cannot be known at the moment is null. */
export const MetricsJson = Schema.Struct({
  at: Schema.String,
  /** Per second, over the last ten. */
  rates: Schema.Struct({
    /** From the source. */
    captured_transactions: Rate,
    captured_changes: Rate,
    /** Visible in the archive. */
    archived_transactions: Rate,
    /** Visible in the live buffer. */
    published_transactions: Rate,
    /** Applied at targets by jobs, duplicates not counted. */
    replayed_changes: Rate
  }),
  /** From commit to durable in the archive: of one look a second, over the last minute. */
  ingest_latency_seconds: Schema.NullOr(
    Schema.Struct({ p50: Schema.Finite, p99: Schema.Finite, max: Schema.Finite, samples: Schema.Int })
  ),
  live_buffer: Schema.NullOr(
    Schema.Struct({
      kind: Schema.Literals(storeKinds),
      changes: Schema.Int,
      bytes: Schema.Int,
      max_changes: Schema.Int
    })
  ),
  /** How many there are of each status that any has. */
  jobs: Schema.NullOr(Schema.Record(Schema.String, Schema.Int)),
  processes: Schema.Array(
    Schema.Struct({
      id: Schema.String,
      role: Schema.Literals(processRoles),
      host: Schema.String,
      pid: Schema.Int,
      /** Not heard of for ten seconds. */
      silent: Schema.Boolean,
      actors: Schema.Int,
      /** Those that do not do their work at the moment. */
      not_running: Schema.Int,
      /** Of all of its actors, since it began. */
      restarts: Schema.Int,
      /** Messages that its actors did not take, since it began. */
      dropped: Schema.Int,
      /** The fullest mailboxes, at most five; empty ones are not shown. */
      mailboxes: Schema.Array(
        Schema.Struct({ path: Schema.String, depth: Schema.Int, capacity: Schema.Finite })
      )
    })
  )
}).annotate({ identifier: "Metrics" })
export type MetricsJson = typeof MetricsJson.Type
