import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { Incarnation } from "../domain/Log.ts"
import { formatLsn } from "../domain/Lsn.ts"
import type { AcceptedGap } from "../ingest/Lives.ts"
import { JobStoreError } from "../replay/JobStore.ts"
import { GapAcceptance } from "./api/GapJson.ts"
import { jobStoreError } from "./JobQuery.ts"

const decode = Schema.decodeUnknownEffect(Schema.Array(GapAcceptance))

/** What is put on record. */
export interface NewAcceptance extends AcceptedGap {
  readonly source: string
  readonly incarnation: number
  readonly cause: string
  readonly message: string
  readonly from: string
}

/** The holes that admins have accepted, in the control database. */
export class SourceGaps extends Context.Service<
  SourceGaps,
  {
    /** A hole is accepted once: the first word stands, and is given back. */
    readonly accept: (acceptance: NewAcceptance) => Effect.Effect<GapAcceptance, JobStoreError>
    readonly find: (source: string, gap: string) => Effect.Effect<Option.Option<GapAcceptance>, JobStoreError>
    /** Notes where the lives begin that followed. Says whether there are holes that none has followed yet. */
    readonly follow: (
      source: string,
      lives: ReadonlyArray<Incarnation>
    ) => Effect.Effect<boolean, JobStoreError>
  }
>()("walstream/control/SourceGaps") {
  static readonly layer: Layer.Layer<SourceGaps, never, PgClient.PgClient> = Layer.effect(
    SourceGaps,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const columns = sql.literal(`source, gap, incarnation, cause, message, from_lsn::text AS from_lsn,
        to_lsn::text AS to_lsn, reason, accepted_by,
        to_char(accepted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS accepted_at`)
      const find = (source: string, gap: string) =>
        sql`SELECT ${columns} FROM source_gaps WHERE source = ${source} AND gap = ${gap}`.withoutTransform.pipe(
          Effect.mapError(jobStoreError),
          Effect.flatMap((rows) =>
            Effect.mapError(
              decode(rows),
              (error) => new JobStoreError({ detail: error.message, isRetryable: false })
            )
          ),
          Effect.map(([found]) => Option.fromUndefinedOr(found))
        )
      return SourceGaps.of({
        find,
        accept: (acceptance) =>
          sql`
            INSERT INTO source_gaps (source, gap, incarnation, cause, message, from_lsn, reason, accepted_by)
            VALUES (${acceptance.source}, ${acceptance.gap}, ${acceptance.incarnation}::int4, ${acceptance.cause},
              ${acceptance.message}, ${acceptance.from}::pg_lsn, ${acceptance.reason}, ${acceptance.by})
            ON CONFLICT DO NOTHING`.pipe(
            Effect.mapError(jobStoreError),
            Effect.andThen(find(acceptance.source, acceptance.gap)),
            Effect.flatMap(
              Option.match({
                onNone: () =>
                  Effect.fail(
                    new JobStoreError({ detail: "the accepted hole came back empty", isRetryable: false })
                  ),
                onSome: Effect.succeed
              })
            )
          ),
        follow: (source, lives) => {
          const rows = lives.map(({ number, startLsn }) => ({
            ended: number - 1,
            start_lsn: formatLsn(startLsn)
          }))
          return sql`
            UPDATE source_gaps g SET to_lsn = l.start_lsn
            FROM jsonb_to_recordset(${sql.json(rows)}::jsonb) AS l (ended int4, start_lsn pg_lsn)
            WHERE g.source = ${source} AND g.to_lsn IS NULL AND g.incarnation = l.ended`.pipe(
            Effect.andThen(
              sql`SELECT 1 AS one FROM source_gaps WHERE source = ${source} AND to_lsn IS NULL LIMIT 1`
            ),
            Effect.mapError(jobStoreError),
            Effect.map((open) => open.length > 0)
          )
        }
      })
    })
  )
}
