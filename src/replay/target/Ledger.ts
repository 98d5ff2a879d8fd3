import { Schema } from "effect"
import type { Position } from "../../domain/Position.ts"
import type { Text, TextRow } from "../../postgres/PgSession.ts"
import type { ApplyOptions } from "../Target.ts"
import type { Statement } from "./Burst.ts"
import { anyKeysStatement, eventKeysScript } from "./EventKeys.ts"
import { parseFilterText } from "./FilterText.ts"
import type { Interval } from "./Intervals.ts"

/**
 * What the target knows of what was applied to it, in tables of its own schema `walstream`.
 *
 * `ledger_sources`, one row per source, is what jobs take turns by: whoever applies holds its lock, and `turn` names
 * the job that applied last. `ledger_jobs`, one row per job, holds the epoch that may write and the last position;
 * with its first transaction and its filter it is also the interval that the job has applied.
 */
export const ledgerScript = `
CREATE SCHEMA IF NOT EXISTS walstream;
CREATE TABLE IF NOT EXISTS walstream.ledger_sources (
  source text PRIMARY KEY,
  turn text
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS walstream.ledger_jobs (
  job_id text PRIMARY KEY,
  source text NOT NULL,
  epoch bigint NOT NULL,
  seq bigint,
  ordinal bigint,
  start_seq bigint NOT NULL,
  filter text NOT NULL,
  exceptions jsonb NOT NULL DEFAULT '[]',
  updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
${eventKeysScript}
`.trim()

export const ledgerExistsSql = `
SELECT (to_regclass('walstream.ledger_sources') IS NOT NULL AND to_regclass('walstream.ledger_jobs') IS NOT NULL
  AND to_regclass('walstream.event_keys') IS NOT NULL)::text AS ok`

/** How long after its last write an interval makes duplicates of what it holds. */
const counts = "updated_at > now() - interval '7 days'"

const number = (text: Text | undefined): number => Number(text ?? 0)

const Exceptions = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ seq: Schema.Int, ordinal: Schema.Int }))
)
const decodeExceptions = Schema.decodeUnknownSync(Exceptions)

const positionOf = (seq: Text | undefined, ordinal: Text | undefined): Position | null =>
  seq === null || seq === undefined ? null : { seq: number(seq), ordinal: number(ordinal) }

/** Holds the source's lock until the transaction ends, and leaves a name there: whoever comes next looks anew. */
export const takeTurnStatement = (source: string, turn: string): Statement => ({
  sql: `INSERT INTO walstream.ledger_sources AS s (source, turn) VALUES ($1, $2)
ON CONFLICT (source) DO UPDATE SET turn = excluded.turn`,
  parameters: [source, turn]
})

/** Statements of one transaction that makes a job the owner of its row and of the turn. */
export const claimStatements = (options: ApplyOptions): ReadonlyArray<Statement> => [
  takeTurnStatement(options.source, options.jobId),
  {
    // The conflicting row's lock waits for a former holder's open transaction: what is read here is final.
    sql: `INSERT INTO walstream.ledger_jobs AS j (job_id, source, epoch, start_seq, filter) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (job_id) DO UPDATE SET epoch = greatest(j.epoch, excluded.epoch)
RETURNING epoch, seq, ordinal`,
    parameters: [
      options.jobId,
      options.source,
      String(options.epoch),
      String(options.startSeq),
      options.filterText
    ]
  },
  intervalsStatement(options.source, options.jobId),
  anyKeysStatement(options.source)
]

/** What others than this job have applied from the source, as far as it still counts. */
export const intervalsStatement = (source: string, jobId: string): Statement => ({
  sql: `SELECT job_id, start_seq, seq, ordinal, filter, exceptions FROM walstream.ledger_jobs
WHERE source = $1 AND job_id <> $2 AND seq IS NOT NULL AND ${counts}`,
  parameters: [source, jobId]
})

export interface Standing {
  readonly epoch: number
  /** Null for a job that has applied nothing. */
  readonly position: Position | null
}

/** The answer of `claimStatements`' second statement, and of `standingSql`. */
export const readStanding = (row: ReadonlyArray<Text> | undefined): Standing | undefined =>
  row === undefined ? undefined : { epoch: number(row[0]), position: positionOf(row[1], row[2]) }

/** Throws for a row that this program did not write. */
export const readIntervals = (rows: ReadonlyArray<ReadonlyArray<Text>>): ReadonlyArray<Interval> =>
  rows.map(([jobId, from, seq, ordinal, filter, exceptions]) => {
    const parsed = parseFilterText(filter ?? "")
    const to = positionOf(seq, ordinal)
    if (parsed === undefined || to === null)
      throw new RangeError(`the ledger's row of job ${jobId} is damaged`)
    return {
      jobId: jobId ?? "",
      from: number(from),
      to,
      filter: parsed,
      exceptions: decodeExceptions(exceptions)
    }
  })

/** Locks and moves the job's row if everything is as expected; else fails with `notMine`, so that nothing after it runs. */
export const advanceStatement = (
  options: ApplyOptions,
  stands: Position | null,
  until: Position
): Statement => ({
  sql: `WITH turn AS MATERIALIZED (SELECT FROM walstream.ledger_sources WHERE source = $2 AND turn = $1 FOR NO KEY UPDATE),
moved AS (UPDATE walstream.ledger_jobs SET seq = $6, ordinal = $7, updated_at = now()
  WHERE job_id = $1 AND epoch = $3::bigint AND seq IS NOT DISTINCT FROM $4::bigint AND ordinal IS NOT DISTINCT FROM $5::bigint
    AND EXISTS (SELECT FROM turn) RETURNING 1)
SELECT 1 / count(*) FROM moved`,
  parameters: [
    options.jobId,
    options.source,
    String(options.epoch),
    stands === null ? null : String(stands.seq),
    stands === null ? null : String(stands.ordinal),
    String(until.seq),
    String(until.ordinal)
  ],
  keep: true
})

/** Puts on record what the job has passed over, in the transaction that moves it past: the interval does not hold these. */
export const exceptStatements = (
  { jobId }: ApplyOptions,
  skipped: ReadonlyArray<Position>
): ReadonlyArray<Statement> =>
  skipped.length === 0
    ? []
    : [
        {
          sql: "UPDATE walstream.ledger_jobs SET exceptions = exceptions || $2::jsonb WHERE job_id = $1",
          parameters: [jobId, JSON.stringify(skipped)]
        }
      ]

/** What `advanceStatement` fails with when the ledger is not as expected: a division by the number of rows moved. */
export const notMine = "22012"

/** Where the ledger stands, to tell why `advanceStatement` failed. */
export const standingStatement = (options: ApplyOptions): Statement => ({
  sql: "SELECT epoch, seq, ordinal FROM walstream.ledger_jobs WHERE job_id = $1",
  parameters: [options.jobId]
})

export const hasJobsSql = "SELECT (to_regclass('walstream.ledger_jobs') IS NOT NULL)::text AS ok"

/** Jobs whose intervals do not count any more: behind `$1`, at most `$2`. */
export const expiredJobsSql = `SELECT job_id FROM walstream.ledger_jobs WHERE NOT (${counts}) AND job_id > $1
ORDER BY job_id LIMIT $2::int`

/** Removes those of `$1` whose intervals do not count any more. */
export const forgetJobsSql = `WITH removed AS (DELETE FROM walstream.ledger_jobs
WHERE job_id = ANY ($1::text[]) AND NOT (${counts}) RETURNING 1) SELECT count(*)::text AS removed FROM removed`

export const isTrue = (row: TextRow | undefined): boolean => row?.["ok"] === "true"
