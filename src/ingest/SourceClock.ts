import { Effect } from "effect"
import { type Lsn, parseLsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"
import type { PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"

/** Where the source's log ends, and what its clock said just before. */
export interface SourceClock {
  readonly lsn: Lsn
  readonly time: Micros
}

/** The insert position: records before it may not be flushed yet, but all that committed by `time` lie before it. */
export const readSourceClock = (session: PgSession): Effect.Effect<SourceClock, PostgresError> =>
  Effect.map(
    session.query(
      "SELECT (extract(epoch FROM t.now) * 1000000)::bigint AS time, pg_current_wal_insert_lsn() AS lsn FROM (SELECT clock_timestamp() AS now) AS t"
    ),
    ([row]) => ({ lsn: parseLsn(row?.["lsn"] ?? "") ?? 0n, time: Number(row?.["time"]) })
  )
