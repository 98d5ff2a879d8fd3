import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import type { JobStoreError } from "../replay/JobStore.ts"
import type { JobDeed, JobHistoryJson } from "./api/JobHistoryJson.ts"
import { JobJson } from "./api/JobJson.ts"
import { jobStoreError } from "./JobQuery.ts"
import { timeText } from "./SqlTime.ts"

const deeds: ReadonlyMap<string, JobDeed> = new Map([
  ["jobs.create", "created"],
  ["jobs.update", "changed"],
  ["jobs.start", "started"],
  ["jobs.run", "taken_up"],
  ["jobs.takeover", "taken_over"],
  ["jobs.pause", "paused"],
  ["jobs.resume", "resumed"],
  ["jobs.skip", "skipped"],
  ["jobs.complete", "completed"],
  ["jobs.fail", "failed"],
  ["jobs.cancel", "cancelled"]
])

const { name, speed_factor } = JobJson.fields

/** What the record keeps of a job's state, as far as its history tells it. */
const State = Schema.NullOr(
  Schema.Struct({
    status: Schema.optionalKey(Schema.String),
    name: Schema.optionalKey(name),
    speed_factor: Schema.optionalKey(speed_factor),
    skips: Schema.optionalKey(
      Schema.Array(Schema.Struct({ position: Schema.String, reason: Schema.String }))
    ),
    worker: Schema.optionalKey(Schema.NullOr(Schema.String)),
    error_code: Schema.optionalKey(Schema.String),
    error_position: Schema.optionalKey(Schema.String)
  })
)

const Line = Schema.Struct({
  at: Schema.String,
  actor: Schema.NullOr(Schema.String),
  action: Schema.String,
  door: Schema.String,
  is_key: Schema.Boolean,
  key_name: Schema.NullOr(Schema.String),
  before: State,
  after: State
})
type Line = typeof Line.Type

const decode = Schema.decodeUnknownEffect(Schema.Array(Line))

const byOf = (line: Line): JobHistoryJson["by"] => {
  if (line.door === "system") return { type: "worker", name: line.after?.worker ?? null, user: null }
  const { actor } = line
  return line.is_key
    ? { type: "key", name: line.key_name, user: actor }
    : { type: "user", name: actor, user: actor }
}

const whatOf = ({ action, before }: Line): JobDeed => {
  const deed = deeds.get(action) ?? "changed"
  return deed === "resumed" && before?.status === "failed" ? "retried" : deed
}

/** What is different, where it is told of both. */
const moved = <A>(from: A | undefined, to: A | undefined): { readonly from: A; readonly to: A } | null =>
  from === undefined || to === undefined ? null : { from, to }

const entryOf = (line: Line): JobHistoryJson => {
  const { at, before, after } = line
  const what = whatOf(line)
  const skip = what === "skipped" ? after?.skips?.at(-1) : undefined
  return {
    at,
    what,
    by: byOf(line),
    speed_factor: moved(before?.speed_factor, after?.speed_factor),
    name: moved(before?.name, after?.name),
    position: skip?.position ?? after?.error_position ?? null,
    reason: skip?.reason ?? null,
    code: after?.error_code ?? null,
    former_worker: what === "taken_over" ? (before?.worker ?? null) : null
  }
}

/** What was done to a job and by whom, of what is on record: no attempt, no address, no request. */
export class JobHistory extends Context.Service<
  JobHistory,
  {
    /** Newest first, `before` the time of the last one of the page before. */
    readonly of: (
      jobId: string,
      page: { readonly limit: number; readonly before: string | null }
    ) => Effect.Effect<ReadonlyArray<JobHistoryJson>, JobStoreError>
  }
>()("walstream/control/JobHistory") {
  static readonly layer: Layer.Layer<JobHistory, never, PgClient.PgClient> = Layer.effect(
    JobHistory,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const at = sql.literal(timeText("a.at"))
      return JobHistory.of({
        // A line's number would tell how much else is on record: a page begins behind a time.
        of: (jobId, { limit, before }) =>
          sql`SELECT ${at} AS at, a.actor, a.action, a.door, a.credential IS NOT NULL AS is_key, k.name AS key_name,
              a.before, a.after
            FROM audit_log a
            LEFT JOIN api_keys k ON a.credential LIKE 'key %' AND k.id = substr(a.credential, 5)
            WHERE a.target = ${jobId} AND a.action = ANY(${[...deeds.keys()]}::text[])
              AND (a.outcome = 'done' OR a.door = 'system')
              AND (${before}::timestamptz IS NULL OR a.seq <
                (SELECT min(seq) FROM audit_log WHERE target = ${jobId} AND at = ${before}::timestamptz))
            ORDER BY a.seq DESC LIMIT ${limit}`.pipe(
            Effect.mapError(jobStoreError),
            Effect.flatMap((rows) => Effect.orDie(decode(rows))),
            Effect.map((lines) => lines.map(entryOf))
          )
      })
    })
  )
}
