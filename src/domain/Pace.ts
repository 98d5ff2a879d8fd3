import type { Speed } from "./Job.ts"
import type { Micros } from "./Micros.ts"

/**
 * A straight line from commit time to wall time. Every change of speed, pause and skipped gap draws a new one;
 * sleeps are never added up. Wall times are milliseconds of one clock, commit times microseconds of the source's.
 */
export interface Pace {
  readonly anchorWall: number
  readonly anchorCommit: Micros
  readonly speed: Speed
  /** The longest wait that an idle stretch of the original may cause, in milliseconds before scaling; null for no bound. */
  readonly maxGap: number | null
}

export const startPace = (
  wall: number,
  commit: Micros,
  speed: Speed,
  maxGapSeconds: number | null
): Pace => ({
  anchorWall: wall,
  anchorCommit: commit,
  speed,
  maxGap: maxGapSeconds === null ? null : maxGapSeconds * 1000
})

/** When a transaction is due, in wall milliseconds. One whose commit time went backwards is due at once. */
export const dueTime = (pace: Pace, commit: Micros): number =>
  pace.speed === "max"
    ? Number.NEGATIVE_INFINITY
    : pace.anchorWall + Math.max(0, commit - pace.anchorCommit) / 1000 / pace.speed

/** The same place in history, another slope: from `wall` on. */
export const changeSpeed = (pace: Pace, wall: number, speed: Speed): Pace => ({
  ...pace,
  anchorWall: wall,
  anchorCommit: replayClock(pace, wall),
  speed
})

/** The commit time that is due at `wall`. */
export const replayClock = (pace: Pace, wall: number): Micros =>
  pace.speed === "max"
    ? pace.anchorCommit
    : Math.round(pace.anchorCommit + Math.max(0, wall - pace.anchorWall) * pace.speed * 1000)

/** Goes on from `commit` at `wall`: after a pause, or when the target could not keep up. */
export const reanchor = (pace: Pace, wall: number, commit: Micros): Pace => ({
  ...pace,
  anchorWall: wall,
  anchorCommit: commit
})

/**
 * The pace for the next transaction after one committed at `previous`: an idle stretch beyond `maxGap` is
 * shortened to it, by moving the line.
 */
export const skipGap = (pace: Pace, previous: Micros, next: Micros): Pace => {
  if (pace.maxGap === null || pace.speed === "max") return pace
  const excess = next - previous - pace.maxGap * 1000
  return excess <= 0 ? pace : { ...pace, anchorCommit: pace.anchorCommit + excess }
}
