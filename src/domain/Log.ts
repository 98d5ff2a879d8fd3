import type { Lsn } from "./Lsn.ts"
import type { Micros } from "./Micros.ts"

/** A log beside the archive that holds what the archive could not take: which one, and where it lies. */
export interface SpillName {
  readonly id: string
  /** `host:path`, for people. */
  readonly file: string
}

/** The small durable record written before anything is confirmed to PostgreSQL. */
export interface Mark {
  /** The last whole transaction in the archive; 0 for none yet. */
  readonly seq: number
  readonly commitLsn: Lsn
  /** The frontier: everything below is durable in the archive. */
  readonly endLsn: Lsn
  /** Over how many partitions records are spread (1 in an unpartitioned archive). */
  readonly partitions: number
  /** Up to which commit time the archive is known to be complete. */
  readonly coverageTime: Micros
  readonly incarnation: number
  /** What was confirmed beyond this mark lies there. Absent where nothing can. */
  readonly spill?: SpillName
}

/** One life of a source: a failover, an upgrade or a new slot starts the next. */
export interface Incarnation {
  /** 1, 2, 3 … */
  readonly number: number
  readonly systemIdentifier: string
  readonly timeline: number
  readonly database: string
  readonly slot: string
  readonly firstSeq: number
  /** The slot's consistent point: changes before it are not in the log. */
  readonly startLsn: Lsn
  /** Why history has a hole before it, when an operator accepted one. */
  readonly gap: string | null
  /**
   * Set where the archive may have given the numbers from `firstSeq` on before, to what it has no more: it ends below
   * what its slot had been told is kept. Absent where it cannot.
   */
  readonly reusesNumbers?: true
}

/** The stretch that a store holds without a hole. Empty when `nextSeq` equals `firstSeq`. */
export interface Coverage {
  readonly firstSeq: number
  /** One past the last whole transaction. */
  readonly nextSeq: number
  /**
   * Everything with a log time (see `Archive`) at or after it is held: where a window may begin. Null when empty.
   * A live buffer gives the commit time of its first transaction.
   */
  readonly fromTime: Micros | null
  /** Complete up to here; moves on an idle source too. Null when nothing is known yet. */
  readonly toTime: Micros | null
  /**
   * The frontier: all that committed below it in the newest incarnation is held. Moves on an idle source too. Null
   * when it is not known; a live buffer does not know it.
   */
  readonly toLsn: Lsn | null
}

/** Where in its store reading goes on, per partition: a hint, never a proof. Empty when nothing is known. */
export type ReadHints = Readonly<Record<string, string>>

/** A stretch of seq, closed below and open above: adjacent ones tile. */
export interface SeqRange {
  readonly start: number
  /** Exclusive; null follows the log for ever. */
  readonly end: number | null
}
