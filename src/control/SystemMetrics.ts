import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Option, Schedule, Schema } from "effect"
import { Archive } from "../log/Archive.ts"
import { LiveBuffer } from "../log/LiveBuffer.ts"
import type { ActorSystem } from "../runtime/ActorSystem.ts"
import { spawnKept } from "../runtime/KeptActor.ts"
import type { MetricsHistoryJson } from "./api/MetricsHistoryJson.ts"
import type { MetricsJson } from "./api/MetricsJson.ts"
import { MetricsRing } from "./MetricsRing.ts"
import { processFigures } from "./ProcessFigures.ts"
import { ProcessList } from "./ProcessList.ts"
import { Samples } from "./Samples.ts"
import { SourceView } from "./SourceView.ts"

/** A look that takes longer tells nothing. */
const patience = "900 millis"

const decodeJobs = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ status: Schema.String, jobs: Schema.Int, processed: Schema.Finite }))
)

const orNull = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A | null, never, R> =>
  effect.pipe(
    Effect.timeoutOption(patience),
    Effect.map(Option.getOrNull),
    Effect.orElseSucceed(() => null)
  )

/** Figures of the whole system, of this second and the last minute, and those of the last hour. */
export class SystemMetrics extends Context.Service<
  SystemMetrics,
  { readonly read: Effect.Effect<MetricsJson>; readonly history: Effect.Effect<MetricsHistoryJson> }
>()("walstream/control/SystemMetrics") {
  static readonly layer: Layer.Layer<
    SystemMetrics,
    never,
    PgClient.PgClient | Archive | LiveBuffer | SourceView | ProcessList | ActorSystem
  > = Layer.effect(
    SystemMetrics,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const archive = yield* Archive
      const buffer = yield* LiveBuffer
      const source = yield* SourceView
      const processes = yield* ProcessList
      const samples = new Samples()
      const ring = new MetricsRing()

      const jobs = orNull(
        Effect.flatMap(
          sql`SELECT status, count(*)::int4 AS jobs, sum(events_processed)::float8 AS processed
            FROM jobs GROUP BY status ORDER BY status`,
          decodeJobs
        )
      )

      const sample = Effect.gen(function* () {
        const [captured, archived, published, byStatus] = yield* Effect.all(
          [source.read, orNull(archive.coverage), orNull(buffer.coverage), jobs],
          { concurrency: 4 }
        )
        const isHeard = captured.phase !== "silent"
        samples.add({
          at: yield* Clock.currentTimeMillis,
          captured: isHeard ? captured : null,
          archived: archived === null ? null : archived.nextSeq,
          published: published === null ? null : published.nextSeq,
          replayed: byStatus === null ? null : byStatus.reduce((sum, { processed }) => sum + processed, 0),
          latencySeconds: isHeard ? captured.latency_seconds : null
        })
      })
      const figures = Effect.gen(function* () {
        const stats = yield* orNull(buffer.stats)
        return {
          at: new Date(yield* Clock.currentTimeMillis).toISOString(),
          rates: samples.rates,
          ingest_latency_seconds: samples.latency,
          live_buffer:
            stats === null
              ? null
              : {
                  kind: buffer.kind,
                  changes: stats.changes,
                  bytes: stats.bytes,
                  max_changes: stats.maxChanges
                }
        }
      })
      let seconds = 0
      const look = Effect.gen(function* () {
        yield* sample
        seconds += 1
        if (seconds % ring.stepSeconds === 0) ring.add(yield* figures)
      })
      yield* spawnKept({
        group: "metrics",
        name: "sampler",
        run: Effect.repeat(look, Schedule.fixed("1 second"))
      })

      return {
        history: Effect.sync(() => ring.history),
        read: Effect.gen(function* () {
          const [seen, byStatus, list] = yield* Effect.all([figures, jobs, processes.read], {
            concurrency: 3
          })
          return {
            ...seen,
            jobs:
              byStatus === null
                ? null
                : Object.fromEntries(byStatus.map(({ status, jobs: count }) => [status, count])),
            processes: list.map(processFigures)
          }
        })
      }
    })
  )
}
