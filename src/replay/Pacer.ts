import type { Speed } from "../domain/Job.ts"
import type { Micros } from "../domain/Micros.ts"
import {
  changeSpeed,
  clockStep,
  crossGap,
  dueTime,
  type Pace,
  reanchor,
  replayClock,
  startPace
} from "../domain/Pace.ts"
import { PacingErrors } from "./PacingErrors.ts"
import { SpeedMeter } from "./SpeedMeter.ts"

/**
 * As late as this, what became due while the target was busy goes to it together, and pace is kept. Beyond, it cannot
 * keep up: the line moves, and lost time is not made up in a burst.
 */
const lateMillis = 500

/** What is paced: when it was committed, and since when it could have been handed on. */
export interface Paced {
  readonly commitTime: Micros
  readonly arrived: number
}

/**
 * Says when transactions are due, in milliseconds of the runner's clock, and keeps the book of how that went. The
 * arithmetic is in `domain/Pace.ts`; this holds the line in force and moves it.
 */
export class Pacer {
  readonly #maxGapSeconds: number | null
  /** How far from due transactions were handed on. */
  readonly errors = new PacingErrors()
  readonly #meter = new SpeedMeter()
  #speed: Speed
  #pace: Pace | undefined
  /** The latest commit time handed on. */
  #previous: Micros = 0
  /** Gaps skipped and clock steps, so that the meter counts only what was played. */
  #skipped: Micros = 0

  constructor(speed: Speed, maxGapSeconds: number | null) {
    this.#speed = speed
    this.#maxGapSeconds = maxGapSeconds
  }

  get speed(): Speed {
    return this.#speed
  }

  get effectiveSpeed(): number | null {
    return this.#meter.speed
  }

  /** When the next transaction is due. Before the first, at once. */
  due(now: number, commitTime: Micros): number {
    if (this.#speed === "max") return Number.NEGATIVE_INFINITY
    return this.#pace === undefined
      ? now
      : dueTime(crossGap(this.#pace, this.#previous, commitTime), commitTime)
  }

  /** The transaction is handed to the target now. */
  handOn(now: number, next: Paced): void {
    if (this.#pace === undefined) {
      this.#pace = startPace(now, next.commitTime, this.#speed, this.#maxGapSeconds)
      this.#previous = next.commitTime
    } else if (this.#speed === "max") {
      this.#pace = reanchor(this.#pace, now, next.commitTime)
      this.#previous = next.commitTime
    } else {
      const pace = crossGap(this.#pace, this.#previous, next.commitTime)
      this.#skipped += pace.anchorCommit - this.#pace.anchorCommit
      const due = dueTime(pace, next.commitTime)
      this.errors.add(now - Math.max(due, next.arrived))
      this.#pace = now - due > lateMillis ? reanchor(pace, now - lateMillis, next.commitTime) : pace
      const wasSetBack = next.commitTime < this.#previous - clockStep
      this.#previous = wasSetBack ? next.commitTime : Math.max(this.#previous, next.commitTime)
    }
    this.#meter.sample(now, next.commitTime - this.#skipped)
  }

  /** The source has nothing more for now. */
  idle(): void {
    this.#meter.reset()
  }

  setSpeed(now: number, speed: Speed): void {
    if (speed === this.#speed) return
    this.#speed = speed
    this.#meter.reset()
    if (this.#pace === undefined) return
    const here = this.#pace.speed === "max" ? reanchor(this.#pace, now, this.#previous) : this.#pace
    this.#pace = here.speed === "max" ? { ...here, speed } : changeSpeed(here, now, speed)
  }

  /** The commit time that is being played now, given the next one that waits (null for none); null before the first. */
  clock(now: number, waiting: Micros | null): Micros | null {
    if (this.#pace === undefined) return null
    if (waiting === null || this.#speed === "max") return this.#previous
    return Math.min(waiting, Math.max(this.#previous, replayClock(this.#pace, now)))
  }
}
