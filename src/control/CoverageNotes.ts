import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { formatLsn, LsnFromString } from "../domain/Lsn.ts"
import { formatMicros } from "../domain/Micros.ts"
import type { CoverageStart } from "../ingest/IngestState.ts"
import { JobStoreError } from "../replay/JobStore.ts"
import { jobStoreError } from "./JobQuery.ts"

const Noted = Schema.Array(
  Schema.Struct({
    table: Schema.String,
    captured: Schema.Literals(["all", "inserts"]),
    commitLsn: LsnFromString,
    commitTime: Schema.BigInt,
    seq: Schema.BigInt
  })
)
const decode = Schema.decodeUnknownEffect(Noted)

/**
 * Where tables joined a history, in the control database: the history itself says it, but only to who reads all of it.
 * `history` is its name (`historyName`).
 */
export class CoverageNotes extends Context.Service<
  CoverageNotes,
  {
    /** Everything that was said up to this seq is noted; noting again changes nothing. */
    readonly note: (
      history: string,
      starts: ReadonlyArray<CoverageStart>,
      upTo: number
    ) => Effect.Effect<void, JobStoreError>
    /** Up to which seq all is noted; 0 for a history that is not known yet. */
    readonly noted: (history: string) => Effect.Effect<number, JobStoreError>
    /** In order of seq. */
    readonly starts: (history: string) => Effect.Effect<ReadonlyArray<CoverageStart>, JobStoreError>
  }
>()("walstream/control/CoverageNotes") {
  static readonly layer: Layer.Layer<CoverageNotes, never, PgClient.PgClient> = Layer.effect(
    CoverageNotes,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      return CoverageNotes.of({
        note: (history, starts, upTo) => {
          const rows = starts.map((start) => ({
            seq: start.seq,
            table_name: start.table,
            captured: start.captured,
            commit_lsn: formatLsn(start.commitLsn),
            commit_time: formatMicros(start.commitTime)
          }))
          // One transaction: what counts as noted is.
          return sql
            .withTransaction(
              Effect.andThen(
                sql`
                  INSERT INTO coverage_starts (history, seq, table_name, captured, commit_lsn, commit_time)
                  SELECT ${history}::text, s.* FROM jsonb_to_recordset(${sql.json(rows)}::jsonb)
                    AS s (seq int8, table_name text, captured text, commit_lsn pg_lsn, commit_time timestamptz)
                  ON CONFLICT DO NOTHING`,
                sql`
                  INSERT INTO coverage_noted AS n (history, seq) VALUES (${history}, ${upTo}::int8)
                  ON CONFLICT (history) DO UPDATE SET seq = GREATEST(n.seq, excluded.seq)`
              )
            )
            .pipe(Effect.mapError(jobStoreError), Effect.asVoid)
        },
        noted: (history) =>
          sql<{ readonly seq: string }>`SELECT seq::text FROM coverage_noted WHERE history = ${history}`.pipe(
            Effect.mapError(jobStoreError),
            Effect.map(([row]) => Number(row?.seq ?? 0))
          ),
        starts: (history) =>
          sql`
            SELECT table_name AS "table", captured, commit_lsn::text AS "commitLsn",
              (extract(epoch FROM commit_time) * 1000000)::int8 AS "commitTime", seq
            FROM coverage_starts WHERE history = ${history} ORDER BY seq, table_name`.withoutTransform.pipe(
            Effect.mapError(jobStoreError),
            Effect.flatMap((rows) =>
              Effect.mapError(
                decode(rows),
                (error) => new JobStoreError({ detail: error.message, isRetryable: false })
              )
            ),
            Effect.map((noted) =>
              noted.map((start) => ({
                ...start,
                seq: Number(start.seq),
                commitTime: Number(start.commitTime)
              }))
            )
          )
      })
    })
  )
}
