import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import type { Job } from "../domain/Job.ts"
import type { JobStoreError } from "../replay/JobStore.ts"
import { LiveJson } from "./api/LiveJson.ts"
import { jobStoreError } from "./JobQuery.ts"

/** What a process tells of one run. */
export interface ToldRun {
  readonly jobId: string
  readonly epoch: number
  readonly live: LiveJson
}

/** What was told longer ago is not how it goes now. */
const believedSeconds = 10

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ job_id: Schema.String, epoch: Schema.Int, live: LiveJson }))
)

/** How running jobs go, told by whichever process runs them through the control database. */
export class JobRuns extends Context.Service<
  JobRuns,
  {
    /** Of runs that still hold their lease; the others' are not taken. */
    readonly tell: (runs: ReadonlyArray<ToldRun>) => Effect.Effect<void, JobStoreError>
    /** By job: what the holder of its present lease told within the last ten seconds. */
    readonly of: (jobs: ReadonlyArray<Job>) => Effect.Effect<ReadonlyMap<string, LiveJson>, JobStoreError>
  }
>()("walstream/control/JobRuns") {
  static readonly layer: Layer.Layer<JobRuns, never, PgClient.PgClient> = Layer.effect(
    JobRuns,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      return JobRuns.of({
        tell: (runs) => {
          const rows = runs.map(({ jobId, epoch, live }) => ({ job_id: jobId, epoch, live }))
          return sql`
            INSERT INTO job_runs (job_id, epoch, told_at, live)
            SELECT r.job_id, r.epoch, clock_timestamp(), r.live
            FROM jsonb_to_recordset(${sql.json(rows)}::jsonb) AS r (job_id uuid, epoch int4, live jsonb)
            JOIN jobs j ON j.id = r.job_id AND j.lease_epoch = r.epoch AND j.status = 'running'
            ON CONFLICT (job_id) DO UPDATE SET
              epoch = excluded.epoch, told_at = excluded.told_at, live = excluded.live`.pipe(
            Effect.mapError(jobStoreError),
            Effect.asVoid
          )
        },
        of: Effect.fnUntraced(function* (jobs) {
          const running = new Map(
            jobs.filter((job) => job.status === "running").map((job) => [job.id, job.leaseEpoch])
          )
          if (running.size === 0) return new Map()
          const rows = yield* sql`
            SELECT job_id::text, epoch, live FROM job_runs
            WHERE job_id = ANY(${[...running.keys()]}::uuid[])
              AND told_at > clock_timestamp() - make_interval(secs => ${believedSeconds}::float8)`.pipe(
            Effect.mapError(jobStoreError)
          )
          // Another version's words, during an upgrade: as if nothing was told.
          const told = yield* decode(rows).pipe(Effect.orElseSucceed(() => []))
          return new Map(
            told
              .filter(({ job_id, epoch }) => running.get(job_id) === epoch)
              .map(({ job_id, live }) => [job_id, live])
          )
        })
      })
    })
  )
}
