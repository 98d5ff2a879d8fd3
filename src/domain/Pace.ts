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

/** A commit time that goes back by more than this is the source's clock being set, not two commits overtaking each other. */
export const clockStep: Micros = 1_000_000

/**
 * The pace for the next transaction after one committed at `previous`: the line moves where it would make no sense.
 * An idle stretch beyond `maxGap` is shortened to it; when the source's clock was set back, what follows is played
 * at its own pace from there, not in a burst until the old time is reached again.
 */
export const crossGap = (pace: Pace, previous: Micros, next: Micros): Pace => {
  if (pace.speed === "max") return pace
  const gap = next - previous
  if (gap < -clockStep) return { ...pace, anchorCommit: pace.anchorCommit + gap }
  if (pace.maxGap === null) return pace
  const excess = gap - pace.maxGap * 1000
  return excess <= 0 ? pace : { ...pace, anchorCommit: pace.anchorCommit + excess }
}
