import type { JobCounters } from "../domain/Job.ts"
import { Buckets } from "../runtime/metrics/Buckets.ts"

const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 10]
const pacingBounds = [0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5]

/** What all jobs of a process together have done since it began. Plain, since it is counted per batch. */
export class ReplayFigures {
  replayed = 0
  /** Changes that dry runs have read. */
  dryRun = 0
  duplicates = 0
  converged = 0
  /** Changes that were rejected after all tries. */
  failed = 0
  /** Tries that a target has rejected. */
  rejections = 0
  /** Seconds from a batch with changes being handed to the target until it is committed there. */
  readonly latency = new Buckets(latencyBounds)
  /** Seconds by which the worst transaction of a batch was not handed on when due, whichever side. */
  readonly pacing = new Buckets(pacingBounds)

  /**
   * A batch is at the target. What a dry run only read is told apart, and no target took its time; nor did one that of a
   * batch in which nothing was but a position.
   */
  applied({ processed, duplicate, converged }: JobCounters, millis: number, isDryRun: boolean): void {
    if (isDryRun) {
      this.dryRun += processed
      return
    }
    this.replayed += processed
    this.duplicates += duplicate
    this.converged += converged
    if (processed + duplicate > 0) this.latency.observe(millis / 1000)
  }
}
