import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Deferred, Effect, Layer, Option, Schema, Stream } from "effect"
import type { JobSpec } from "../domain/Job.ts"
import type { SeqRange } from "../domain/Log.ts"
import { formatMicros, type Micros } from "../domain/Micros.ts"
import { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import type { LogError } from "../log/LogError.ts"
import { historyName } from "../replay/HistoryName.ts"
import { JobStore, type JobStoreError } from "../replay/JobStore.ts"
import { route } from "../replay/Router.ts"
import { verdict, withFix } from "../replay/Verdict.ts"
import { resolveWindow, type WindowError } from "../replay/WindowResolver.ts"
import type { EstimateJson } from "./api/EstimateJson.ts"
import { jobWarnings } from "./CoverageHoles.ts"
import { gapWarnings } from "./HistoryGaps.ts"
import { HistoryHoles } from "./HistoryHoles.ts"
import { jobStoreError } from "./JobQuery.ts"
import { overlapWarnings } from "./OtherJobs.ts"
import { SourceView } from "./SourceView.ts"

/** Changes a second where nothing was measured yet: what a small target of two cores takes. */
const assumedRate = 10_000
/** Jobs that are looked at for what they have applied. */
const looked = 200

const decodeRate = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ rate: Schema.NullOr(Schema.Finite) }))
)

const unknown = {
  start_seq: null,
  end_seq: null,
  first_commit_time: null,
  last_commit_time: null,
  transactions: null,
  changes: null,
  bytes: null,
  replay_source: null,
  replay_source_reason: null,
  seconds: null,
  paced_seconds: null,
  applying_seconds: null,
  refusal: null
}

const timeText = (time: Micros | null) => (time === null ? null : formatMicros(time))

/** What jobs would come to, before they are started. Asks the stores, and changes nothing. */
export class JobEstimates extends Context.Service<
  JobEstimates,
  { readonly estimate: (spec: JobSpec) => Effect.Effect<EstimateJson, LogError | JobStoreError> }
>()("walstream/control/JobEstimates") {
  static readonly layer = (
    bufferMaxAgeSeconds: number
  ): Layer.Layer<
    JobEstimates,
    never,
    Archive | LiveBuffer | JobStore | HistoryHoles | SourceView | PgClient.PgClient
  > =>
    Layer.effect(
      JobEstimates,
      Effect.gen(function* () {
        const stores = yield* Effect.context<Archive | LiveBuffer>()
        const archive = yield* Archive
        const store = yield* JobStore
        const holes = yield* HistoryHoles
        const { source } = yield* SourceView
        const sql = yield* PgClient.PgClient

        /** Null while its start lies ahead. */
        const windowOf = (spec: JobSpec): Effect.Effect<SeqRange | null, LogError | WindowError, Archive> =>
          Effect.gen(function* () {
            const ahead = yield* Deferred.make<null>()
            return yield* Effect.raceFirst(
              resolveWindow(spec, () => Deferred.doneUnsafe(ahead, Effect.succeed(null))),
              Deferred.await(ahead)
            )
          })

        const commitTime = (seq: number): Effect.Effect<Micros | null, LogError> =>
          archive.read({ seq, ordinal: 0 }, seq + 1).pipe(
            Stream.runHead,
            Effect.map((page) => Option.getOrElse(page, () => [])[0]?.commit.commitTime ?? null)
          )

        /** Of jobs at full speed, whose time is what applying takes. */
        const measuredRate = (target: string) =>
          sql`SELECT sum(done) / NULLIF(sum(seconds), 0) AS rate FROM (
              SELECT events_processed::float8 AS done,
                extract(epoch FROM completed_at - started_at)::float8 AS seconds
              FROM jobs
              WHERE target = ${target} AND status = 'completed' AND speed_factor IS NULL AND NOT dry_run
                AND NOT follow AND events_processed >= 1000
              ORDER BY completed_at DESC LIMIT 5) AS newest`.pipe(
            Effect.mapError(jobStoreError),
            Effect.flatMap((rows) => Effect.orDie(decodeRate(rows))),
            Effect.map(([row]) => row?.rate ?? null)
          )

        const sized = Effect.fnUntraced(function* (spec: JobSpec, range: SeqRange, rate: number) {
          const { nextSeq } = yield* archive.coverage
          const { start } = range
          const end = Math.min(range.end ?? nextSeq, nextSeq)
          const volume = yield* archive.volume(start, end)
          const isEmpty = end <= start
          const first = isEmpty ? null : yield* commitTime(start)
          const last = isEmpty ? null : yield* commitTime(end - 1)
          const { startTime, endTime, speed } = spec
          const chosen = yield* route({
            range,
            speed,
            startTime,
            endTime,
            maxAgeSeconds: bufferMaxAgeSeconds
          })
          const span = first === null || last === null ? 0 : Math.max(0, last - first)
          const paced = speed === "max" ? 0 : Math.round(span / speed) / 1_000_000
          const applying = Math.round((volume.changes / rate) * 1_000_000) / 1_000_000
          const now = (yield* Clock.currentTimeMillis) * 1000
          // An end that has come is settled once the frontier is past it, which is a moment later.
          const isOpen = range.end === null && (endTime === null || endTime > now)
          return {
            start_seq: start,
            end_seq: range.end,
            first_commit_time: timeText(first),
            last_commit_time: timeText(last),
            ...volume,
            replay_source: chosen.store,
            replay_source_reason: chosen.reason,
            seconds: isOpen ? null : Math.max(paced, applying),
            paced_seconds: isOpen ? null : paced,
            applying_seconds: isOpen ? null : applying
          }
        })

        return JobEstimates.of({
          estimate: Effect.fnUntraced(function* (spec) {
            const measured = yield* measuredRate(spec.target)
            const rate = measured ?? assumedRate
            const common = {
              ...unknown,
              filtered: spec.tables !== null || spec.operations !== null,
              changes_per_second: rate,
              rate_basis: measured === null ? ("assumed" as const) : ("jobs" as const)
            }
            const warnings = Effect.fnUntraced(function* (range: SeqRange | null) {
              const asked = { spec, plan: range === null ? null : { range } }
              const incarnations = yield* archive.incarnations
              const history = incarnations.length === 0 ? null : historyName(source, incarnations)
              const { items } = yield* store.list({
                statuses: ["running", "paused", "completed", "failed", "cancelled"],
                createdAfter: null,
                oldestFirst: false,
                limit: looked,
                cursor: null
              })
              return [
                ...gapWarnings(asked, yield* holes.gaps),
                ...jobWarnings(asked, yield* holes.read),
                ...(range === null ? [] : overlapWarnings(spec, range, history, items))
              ]
            })
            const refuse = (error: WindowError) => {
              const decided = verdict(error)
              const code = decided._tag === "Fail" ? decided.failure.code : "refused"
              return Effect.map(warnings(null), (found) => ({
                ...common,
                refusal: { code, message: withFix(error) },
                warnings: found
              }))
            }
            return yield* windowOf(spec).pipe(
              Effect.flatMap((range) =>
                Effect.gen(function* () {
                  const sizes = range === null ? {} : yield* sized(spec, range, rate)
                  return { ...common, ...sizes, warnings: yield* warnings(range) }
                })
              ),
              Effect.catchTags({ HistoryRemoved: refuse, LsnUnknown: refuse }),
              Effect.provideContext(stores)
            )
          })
        })
      })
    )
}
