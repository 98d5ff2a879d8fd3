import type { Lsn } from "../../domain/Lsn.ts"
import { formatMicros, type Micros } from "../../domain/Micros.ts"
import { formatPosition } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"

/* What the values of a transaction's records have in common. Small transactions make it a hot path of its own. */

/** As `formatLsn`, by way of numbers, which are formatted several times faster than bigints. */
const lsn = (value: Lsn): string => {
  const high = Number(value >> 32n)
  const low = Number(value & 0xffff_ffffn)
  return `${high.toString(16)}/${low.toString(16)}`.toUpperCase()
}

let second = Number.NaN
let secondText = ""

/** As `formatMicros`, which is slow: most transactions fall into the second of the one before. */
const time = (micros: Micros): string => {
  const now = Math.floor(micros / 1_000_000)
  if (now !== second) {
    secondText = formatMicros(now * 1_000_000).slice(0, -7)
    second = now
  }
  return `${secondText}${String(micros - now * 1_000_000).padStart(6, "0")}Z`
}

/** Up to the position's ordinal, which comes last. */
export const transactionText = ({ commit, incarnation }: ArchivedChunk, logTime: Micros): string => {
  const committed = time(commit.commitTime)
  const logged = logTime === commit.commitTime ? committed : time(logTime)
  const origin = commit.origin === null ? "null" : JSON.stringify(commit.origin)
  const place = formatPosition({ incarnation, commitLsn: commit.commitLsn, ordinal: 0 }).slice(0, -10)
  return `,"tx_count":${commit.count},"incarnation":${incarnation},"commit_lsn":"${lsn(commit.commitLsn)}","end_lsn":"${lsn(commit.endLsn)}","xid":${commit.xid},"commit_time":"${committed}","log_time":"${logged}","origin":${origin},"position":"${place}`
}
