import type { Checkpoint, Job, JobCounters, JobPlan, Speed } from "../domain/Job.ts"
import type { Micros } from "../domain/Micros.ts"
import type { Position } from "../domain/Position.ts"
import { Wakeup } from "../log/Wakeup.ts"
import { outerPosition, type Passed } from "./Backlog.ts"
import { addCounters, noCounters } from "./Counters.ts"
import { Pacer } from "./Pacer.ts"
import type { PacingError } from "./PacingErrors.ts"
import type { Given } from "./Pipeline.ts"
import { ReplayFigures } from "./ReplayFigures.ts"
import type { ApplyMode } from "./Target.ts"

export type RunPhase = "planning" | "opening" | "replaying" | "waiting" | "retrying" | "ending"

/** What keeps a runner from going on, though nothing is wrong with the job. */
export interface Retrying {
  readonly reason: string
  /** Tries so far. */
  readonly attempts: number
  /** Milliseconds that it has been so. */
  readonly millis: number
}

/** What the API shows of a running job beyond its row. */
export interface RunSnapshot {
  readonly jobId: string
  readonly epoch: number
  readonly follows: boolean
  readonly phase: RunPhase
  readonly position: Position | null
  /** The commit time that is being played. */
  readonly replayClock: Micros | null
  readonly speed: Speed
  /** Measured over the last seconds; null while there is nothing to judge by. */
  readonly effectiveSpeed: number | null
  readonly pacingError: PacingError | null
  /** What the target is being given now. */
  readonly batch: { readonly changes: number; readonly transactions: number; readonly millis: number } | null
  readonly retrying: Retrying | null
  readonly applying: ApplyMode | null
}

/** Progress that the job store has not been told yet. */
export interface Unsaved {
  readonly checkpoint: Checkpoint
  readonly added: JobCounters
}

/** One life of a job in a worker: what its runner, its reader and its lease keeper share. Plain state, no process. */
export class Run {
  readonly job: Job
  /** What its process counts. */
  readonly figures: ReplayFigures
  readonly epoch: number
  readonly pacer: Pacer
  /** Something has changed that the replaying loop should look at. */
  readonly wakeup = new Wakeup()
  /** This life has applied something, or come to rest, for the first time: told at once, for then the job can be run. */
  readonly firstSign = new Wakeup()
  /** This life has come to where it had nothing in hand, and waited. A worker that is lost there is not the job's doing. */
  atRest = false
  plan: JobPlan | null
  phase: RunPhase = "planning"
  /** How the target is written to; null while none is open. */
  applying: () => ApplyMode | null = () => null
  /** What the target is at; of a large transaction the last part. `since` in monotonic milliseconds, of the whole. */
  batch: (Given & { readonly since: number }) | null = null
  /** Commit time of the first transaction that waits to be due; null for none. */
  waiting: Micros | null = null
  /** The lease is gone, or the worker stops: end after what is under way. */
  stopped = false
  #checkpoint: Checkpoint | null
  #added: JobCounters = noCounters
  #saved: Checkpoint | null
  #trouble: {
    readonly reason: string
    readonly attempts: number
    readonly since: number
    /** It was met while applying: that the target can be opened again is not its end. */
    readonly applying: boolean
  } | null = null

  constructor(job: Job, figures = new ReplayFigures()) {
    this.job = job
    this.figures = figures
    this.epoch = job.leaseEpoch
    this.plan = job.plan
    this.pacer = new Pacer(job.spec.speed, job.spec.maxGapSeconds)
    this.#checkpoint = job.checkpoint
    this.#saved = job.checkpoint
  }

  get checkpoint(): Checkpoint | null {
    return this.#checkpoint
  }

  /** The target has everything up to here. */
  passed(until: Passed, counters: JobCounters): void {
    this.#trouble = null
    this.#added = addCounters(this.#added, counters)
    if (this.#checkpoint === this.job.checkpoint) this.firstSign.notify()
    this.#checkpoint = {
      position: until.position,
      outer: outerPosition(until),
      commitTime: until.commit.commitTime,
      hints: until.hints
    }
  }

  /** Hands over what is to be saved; undefined when there is nothing new. Give it back with `unsaved` if that fails. */
  takeUnsaved(): Unsaved | undefined {
    if (this.#checkpoint === null || this.#checkpoint === this.#saved) return undefined
    const taken: Unsaved = { checkpoint: this.#checkpoint, added: this.#added }
    this.#added = noCounters
    this.#saved = this.#checkpoint
    return taken
  }

  unsaved(taken: Unsaved): void {
    this.#added = addCounters(this.#added, taken.added)
    if (this.#saved === taken.checkpoint) this.#saved = null
  }

  /** It waits: for the log, its window, its pace, or for a store or target that does not answer. */
  rest(): void {
    if (this.atRest || this.batch !== null) return
    this.atRest = true
    this.firstSign.notify()
  }

  /** It cannot go on, though nothing is wrong with the job. `now` in monotonic milliseconds. */
  retry(now: number, reason: string, attempts: number): void {
    const { since, applying } = this.#trouble ?? { since: now, applying: false }
    this.#trouble = { reason, attempts, since, applying: applying || this.batch !== null }
  }

  /** What it waited for is there: target or log can be read again. */
  goOn(): void {
    if (this.#trouble?.applying !== true) this.#trouble = null
  }

  stop(): void {
    this.stopped = true
    this.wakeup.notify()
  }

  setSpeed(now: number, speed: Speed): void {
    if (speed === this.pacer.speed) return
    this.pacer.setSpeed(now, speed)
    this.wakeup.notify()
  }

  snapshot(now: number): RunSnapshot {
    return {
      jobId: this.job.id,
      epoch: this.epoch,
      follows: this.job.spec.follow,
      phase: this.#trouble === null ? this.phase : "retrying",
      position: this.#checkpoint?.position ?? null,
      replayClock: this.pacer.clock(now, this.waiting) ?? this.#checkpoint?.commitTime ?? null,
      speed: this.pacer.speed,
      effectiveSpeed: this.pacer.effectiveSpeed,
      pacingError: this.pacer.errors.summary,
      batch:
        this.batch === null
          ? null
          : {
              changes: this.batch.before + this.batch.taken.changes,
              transactions: this.batch.taken.transactions,
              millis: now - this.batch.since
            },
      retrying:
        this.#trouble === null
          ? null
          : {
              reason: this.#trouble.reason,
              attempts: this.#trouble.attempts,
              millis: now - this.#trouble.since
            },
      applying: this.applying()
    }
  }
}
