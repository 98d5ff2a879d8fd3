import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { formatMicros } from "../domain/Micros.ts"
import type { JobStoreError } from "../replay/JobStore.ts"
import { jobStoreError } from "./JobQuery.ts"

/** One time that a job failed. */
export interface NotedFailure {
  readonly id: string
  readonly leaseEpoch: number
  readonly code: string
  readonly message: string
  readonly position: string | null
  /** RFC 3339. */
  readonly failedAt: string
}

const decode = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      id: Schema.String,
      epoch: Schema.Int,
      code: Schema.String,
      message: Schema.String,
      position: Schema.NullOr(Schema.String),
      failed_at: Schema.BigInt
    })
  )
)

/** Every failure of a job, not only the one that it stands at. The control database notes them itself. */
export class JobFailures extends Context.Service<
  JobFailures,
  {
    /** Newest first, `before` the id of the last one of the page before. */
    readonly of: (
      jobId: string,
      page: { readonly limit: number; readonly before: string | null }
    ) => Effect.Effect<ReadonlyArray<NotedFailure>, JobStoreError>
  }
>()("walstream/control/JobFailures") {
  static readonly layer: Layer.Layer<JobFailures, never, PgClient.PgClient> = Layer.effect(
    JobFailures,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      return JobFailures.of({
        of: (jobId, { limit, before }) =>
          sql`SELECT id::text, epoch, code, message, position,
              (extract(epoch FROM failed_at) * 1000000)::int8 AS failed_at
            FROM job_failures
            WHERE job_id = ${jobId} AND (${before}::int8 IS NULL OR id < ${before}::int8)
            ORDER BY id DESC LIMIT ${limit}`.pipe(
            Effect.mapError(jobStoreError),
            Effect.flatMap((rows) => Effect.orDie(decode(rows))),
            Effect.map((rows) =>
              rows.map(({ id, epoch, code, message, position, failed_at }) => ({
                id,
                leaseEpoch: epoch,
                code,
                message,
                position,
                failedAt: formatMicros(Number(failed_at))
              }))
            )
          )
      })
    })
  )
}
