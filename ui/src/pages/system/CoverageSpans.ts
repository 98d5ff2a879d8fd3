import type { CoverageJson } from "../../../../src/control/api/CoverageJson.ts"
import type { HeldJson } from "../../../../src/control/api/SystemApi.ts"

type Coverage = typeof CoverageJson.Type
type Held = typeof HeldJson.Type

/** A stretch of a bar, as shares of its length from 0 to 1. */
export interface Stretch {
  readonly from: number
  readonly until: number
}

export interface Axis {
  /** Milliseconds. */
  readonly from: number
  readonly until: number
}

/** From the archive's beginning until now; null as long as nothing is held. */
export const axisOf = ({ archive, live_buffer: buffer }: Held, now: number): Axis | null => {
  const begins = [archive.coverage.from_time, buffer.coverage.from_time].flatMap((time) =>
    time === null ? [] : [Date.parse(time)]
  )
  return begins.length === 0 ? null : { from: Math.min(...begins), until: Math.max(now, ...begins) }
}

const shareOf = (time: number, { from, until }: Axis): number =>
  until <= from ? 1 : Math.max(0, Math.min(1, (time - from) / (until - from)))

/** Where a store holds everything; null where it holds nothing. */
export const coveredOf = ({ from_time: from, to_time: to }: Coverage, axis: Axis): Stretch | null =>
  from === null || to === null
    ? null
    : { from: shareOf(Date.parse(from), axis), until: shareOf(Date.parse(to), axis) }

/** Where something of a table is missing; open ones go on until now. */
export const missingOf = ({ from, until }: Held["holes"][number], axis: Axis): Stretch => ({
  from: from === null ? 0 : shareOf(Date.parse(from.time), axis),
  until: until === null ? 1 : shareOf(Date.parse(until.time), axis)
})

/** How many things are not in the history: holes that were accepted between lives, and what single tables lack. */
export const holesOf = ({ incarnations, holes }: Held): number =>
  incarnations.filter(({ gap }) => gap !== null).length + holes.length
