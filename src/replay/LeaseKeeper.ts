import { Effect, Semaphore } from "effect"
import { Wakeup } from "../log/Wakeup.ts"
import { JobStore, type JobStoreError, LeaseLost } from "./JobStore.ts"
import { monotonicMillis } from "./ReplayClock.ts"
import type { Run } from "./Run.ts"

/** How often the job's row is looked at, hints or not, and how often progress is saved at most. */
const pollMillis = 1000

/** Why a runner has to let go of its job. */
export type LetGo =
  /** Paused, cancelled or taken over: what is under way may end quickly. */
  | { readonly _tag: "Lost"; readonly status: string | null }
  /** The lease could not be renewed in time: somebody else may hold the job any moment now. */
  | { readonly _tag: "Expired" }

/**
 * Keeps one job's lease: renews at a third of it, sees pause, cancel and a new speed within a second or by hint,
 * and saves progress. Ends when the job has to be let go of.
 */
export class LeaseKeeper {
  readonly #run: Run
  readonly #leaseMillis: number
  readonly #hint = new Wakeup()
  /** When the last successful renewal was sent: the database's lease lasts at least from there. */
  #sent: number
  #saved = Number.NEGATIVE_INFINITY
  /** The job store knows that this life came to rest. */
  #toldRest = false
  /** Whoever ends the job waits for a save under way: once the job has ended, it would be refused and lost. */
  readonly #saving = Semaphore.makeUnsafe(1)

  /** `acquiredAt`: monotonic milliseconds from before the job was asked for. */
  constructor(run: Run, leaseSeconds: number, acquiredAt: number) {
    this.#run = run
    this.#leaseMillis = leaseSeconds * 1000
    this.#sent = acquiredAt
  }

  /** The job's row may have changed. */
  look(): void {
    this.#hint.notify()
  }

  /** Milliseconds that the lease lasts, by our own clock from before its last renewal was sent. */
  left(now: number): number {
    return this.#sent + this.#leaseMillis - now
  }

  get keep(): Effect.Effect<LetGo, never, JobStore> {
    return Effect.raceFirst(this.#tend, this.#expire)
  }

  /** Saves what the job store has not been told yet. */
  get save(): Effect.Effect<void, JobStoreError | LeaseLost, JobStore> {
    return Effect.gen({ self: this }, function* () {
      const store = yield* JobStore
      const run = this.#run
      const unsaved = run.takeUnsaved()
      if (unsaved === undefined) return
      this.#saved = yield* monotonicMillis
      yield* store
        .progress(run.job.id, run.epoch, unsaved.checkpoint, unsaved.added)
        .pipe(Effect.onError(() => Effect.sync(() => run.unsaved(unsaved))))
    }).pipe(this.#saving.withPermit)
  }

  /** Ends when the lease has run out, by our own clock from before the renewal was sent. */
  get #expire(): Effect.Effect<LetGo> {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const left = this.left(yield* monotonicMillis)
        // No timer is finer than a millisecond.
        if (left < 1) return { _tag: "Expired" }
        yield* Effect.sleep(left)
      }
    })
  }

  get #tend(): Effect.Effect<LetGo, never, JobStore> {
    const pass = Effect.catchTag(this.#pass, "JobStoreError", (error) =>
      Effect.logWarning("the job store does not answer; the lease is kept until it runs out", {
        detail: error.detail
      })
    )
    return Effect.gen({ self: this }, function* () {
      const nextHint = () => Effect.raceFirst(this.#hint.next, this.#run.firstSign.next)
      // The runner may have come to rest before this fiber began.
      let hint = this.#run.atRest ? Effect.void : nextHint()
      for (;;) {
        yield* Effect.timeoutOption(hint, pollMillis)
        // Before looking, so that a hint in the meantime makes us look again.
        hint = nextHint()
        yield* pass
      }
    }).pipe(
      Effect.catchTag("LeaseLost", (lost) => Effect.succeed<LetGo>({ _tag: "Lost", status: lost.status }))
    )
  }

  get #pass(): Effect.Effect<void, JobStoreError | LeaseLost, JobStore> {
    return Effect.gen({ self: this }, function* () {
      const store = yield* JobStore
      const { job, epoch } = this.#run
      const sent = yield* monotonicMillis
      const isDue = sent - this.#sent >= this.#leaseMillis / 3
      const tellsRest = this.#run.atRest && !this.#toldRest
      const renews = isDue || tellsRest
      const now = renews
        ? yield* store.renew(job.id, epoch, this.#leaseMillis / 1000, tellsRest)
        : yield* store
            .find(job.id)
            .pipe(
              Effect.catchTag("JobNotFound", () =>
                Effect.fail(new LeaseLost({ jobId: job.id, status: null }))
              )
            )
      if (now.status !== "running" || now.leaseEpoch !== epoch) {
        return yield* new LeaseLost({ jobId: job.id, status: now.status })
      }
      if (renews) this.#sent = sent
      if (tellsRest) this.#toldRest = true
      this.#run.setSpeed(sent, now.spec.speed)
      // Progress changes the row, which is a hint in turn: without a bound it would feed on itself.
      if (sent - this.#saved >= pollMillis) yield* this.save
    })
  }
}
