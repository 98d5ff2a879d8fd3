import { hexLsn, type Lsn } from "./Lsn.ts"

/**
 * A place in the log as the system counts it: the dense number of a transaction and the 0-based
 * ordinal of a change in it. Ordered by seq, then ordinal.
 */
export interface Position {
  readonly seq: number
  readonly ordinal: number
}

export const comparePosition = (a: Position, b: Position): number => a.seq - b.seq || a.ordinal - b.ordinal

/** Before every change of the log. */
export const origin: Position = { seq: 0, ordinal: 0 }

/** The place of a change as the outside names it: unique for ever, whatever happens to seq. */
export interface OuterPosition {
  /** 1 for the source's first incarnation. */
  readonly incarnation: number
  readonly commitLsn: Lsn
  readonly ordinal: number
}

/**
 * 16 hex digits of the commit LSN, `-`, the ordinal in 10 digits; `i0002-` and so on in front from the
 * second incarnation on. Sorts as text in the order of the log (`i` sorts after every hex digit).
 */
export const formatPosition = (position: OuterPosition): string => {
  const place = `${hexLsn(position.commitLsn)}-${String(position.ordinal).padStart(10, "0")}`
  return position.incarnation === 1 ? place : `i${String(position.incarnation).padStart(4, "0")}-${place}`
}

const shape = /^(?:i(\d{4})-)?([0-9A-F]{16})-(\d{10})$/u

/** The inverse of `formatPosition`; undefined when the text is no position. */
export const parsePosition = (text: string): OuterPosition | undefined => {
  const match = shape.exec(text)
  if (match === null) return undefined
  return {
    incarnation: match[1] === undefined ? 1 : Number(match[1]),
    commitLsn: BigInt(`0x${match[2]}`),
    ordinal: Number(match[3])
  }
}
