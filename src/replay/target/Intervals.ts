import type { Operation } from "../../domain/Change.ts"
import type { Filter } from "../../domain/Filter.ts"
import { comparePosition, type Position } from "../../domain/Position.ts"
import { passesTable } from "./FilterText.ts"

/** What one job has applied to the target: everything its filter wanted between two positions, but the exceptions. */
export interface Interval {
  readonly jobId: string
  /** The first transaction. */
  readonly from: number
  /** The last position, inclusive. */
  readonly to: Position
  readonly filter: Filter
  /** Changes that an operator skipped: not applied. */
  readonly exceptions: ReadonlyArray<Position>
}

/** Transactions that would be applied although later ones are: `from` inclusive, `until` exclusive. */
export interface Overlap {
  readonly from: number
  readonly until: number
}

const isExcepted = ({ exceptions }: Interval, at: Position): boolean =>
  exceptions.some((exception) => comparePosition(exception, at) === 0)

/** Whether the interval's job has applied this change of this table. */
const holds = (interval: Interval, table: string | null, operation: Operation, at: Position): boolean =>
  at.seq >= interval.from &&
  comparePosition(at, interval.to) <= 0 &&
  (interval.filter.operations === null || interval.filter.operations.has(operation)) &&
  passesTable(interval.filter, table) &&
  !isExcepted(interval, at)

export type Verdict = "new" | "duplicate" | "older"

/**
 * What a change is to a target that holds these intervals: applied already, or older than what was applied to its
 * table, or new.
 */
export const judge = (
  intervals: ReadonlyArray<Interval>,
  table: string | null,
  operation: Operation,
  at: Position
): Verdict => {
  let older = false
  for (const interval of intervals) {
    if (holds(interval, table, operation, at)) return "duplicate"
    // What an operator skipped is older, too, once anything after it is there.
    if (passesTable(interval.filter, table) && comparePosition(interval.to, at) > 0) older = true
  }
  return older ? "older" : "new"
}

/** Tables that some filter tells apart; null stands for all that none names. */
const kinds = (filters: ReadonlyArray<Filter>): ReadonlyArray<string | null> => {
  const named = new Set<string | null>([null])
  for (const { tables } of filters) for (const table of tables ?? []) named.add(table)
  return [...named]
}

const includesOperations = (outer: Filter, inner: Filter): boolean =>
  outer.operations === null ||
  (inner.operations !== null && [...inner.operations].every((operation) => outer.operations?.has(operation)))

/** The first stretch of whole transactions from `start` on that no interval covers but a later one follows. */
const firstHole = (start: number, covering: ReadonlyArray<Interval>, newest: number): Overlap | undefined => {
  let next = start
  for (const { from, to } of [...covering].sort((a, b) => a.from - b.from)) {
    if (from > next) break
    if (to.seq >= next) next = to.seq + 1
  }
  if (next > newest) return undefined
  const following = covering.filter(({ from }) => from > next).map(({ from }) => from)
  return { from: next, until: Math.min(newest + 1, ...following) }
}

/**
 * Whether a job that goes on from transaction `start` would write old values over new ones, as far as whole
 * transactions tell. `judge` finds the rest when it comes to it.
 */
export const findOverlap = (
  intervals: ReadonlyArray<Interval>,
  filter: Filter,
  start: number
): Overlap | undefined => {
  for (const table of kinds([filter, ...intervals.map((interval) => interval.filter)])) {
    if (!passesTable(filter, table)) continue
    const touching = intervals.filter(
      (interval) => passesTable(interval.filter, table) && interval.to.seq >= start
    )
    if (touching.length === 0) continue
    const newest = Math.max(...touching.map(({ to }) => to.seq))
    const covering = touching.filter((interval) => includesOperations(interval.filter, filter))
    const hole = firstHole(start, covering, newest)
    if (hole !== undefined) return hole
  }
  return undefined
}
