import { Clock, Effect, Layer, Semaphore } from "effect"
import type { JobCounters } from "../../src/domain/Job.ts"
import { comparePosition, origin, type Position } from "../../src/domain/Position.ts"
import { type ApplyBatch, type ApplyOptions, Targets } from "../../src/replay/Target.ts"
import { TargetError, type TargetErrorReason } from "../../src/replay/TargetError.ts"

/** One change as it was applied. */
export interface Applied {
  readonly seq: number
  readonly ordinal: number
  readonly millis: number
}

/** What a test makes of a batch: nothing, a failure before it is written, or one after (an unknown outcome). */
export interface Mishap {
  readonly before?: TargetErrorReason
  readonly after?: TargetErrorReason
  /** How long the target takes. */
  readonly millis?: number
}

/** A target with a real ledger and nothing else: remembers what was applied, in order. */
export class FakeTarget {
  readonly applied: Array<Applied> = []
  readonly batches: Array<ApplyBatch> = []
  /** Batches that it was given, begun or not. */
  readonly given: Array<ApplyBatch> = []
  readonly opened: Array<ApplyOptions> = []
  epoch = 0
  ledger: Position | null = null
  /** What a transaction that is still open has done. */
  #open: { readonly applied: ReadonlyArray<Applied>; readonly until: Position } | null = null
  /** Batches that were begun and rolled back by interruption. */
  rolledBack = 0
  mishap: (batch: ApplyBatch) => Mishap = () => ({})
  openFails: TargetErrorReason | null = null
  /** What else happens while a batch is under way. */
  meanwhile: Effect.Effect<void> = Effect.void

  #error(reason: TargetErrorReason): TargetError {
    return new TargetError({ target: "fake", reason })
  }

  #apply(batch: ApplyBatch, mine: number): Effect.Effect<JobCounters, TargetError> {
    return Effect.gen({ self: this }, function* () {
      const { before, after, millis } = this.mishap(batch)
      if (millis !== undefined) {
        yield* Effect.onInterrupt(Effect.sleep(millis), () =>
          Effect.sync(() => {
            this.rolledBack += 1
          })
        )
      }
      yield* this.meanwhile
      if (before !== undefined) return yield* this.#error(before)
      if (this.epoch !== mine) return yield* this.#error({ _tag: "Fenced", mine, theirs: this.epoch })
      const stands = this.#open?.until ?? this.ledger ?? origin
      if (comparePosition(stands, batch.follows) !== 0)
        return yield* this.#error({ _tag: "Moved", ...stands })
      const now = yield* Clock.currentTimeMillis
      const added = batch.chunks.flatMap(({ seq, firstOrdinal, changes }) =>
        changes.map((_, i): Applied => ({ seq, ordinal: firstOrdinal + i, millis: now }))
      )
      const processed = added.length
      const applied = [...(this.#open?.applied ?? []), ...added]
      this.#open = batch.goesOn ? { applied, until: batch.until } : null
      this.batches.push(batch)
      if (!batch.goesOn) {
        this.applied.push(...applied)
        this.ledger = batch.until
      }
      if (after !== undefined) return yield* this.#error(after)
      return { processed, duplicate: 0, converged: 0 }
    })
  }

  get layer() {
    return Layer.succeed(
      Targets,
      Targets.of({
        names: ["fake"],
        expiredJobs: () => Effect.succeed([]),
        forgetJobs: () => Effect.succeed(0),
        open: (_target, _dryRun, options) =>
          Effect.suspend(() => {
            this.opened.push(options)
            this.#open = null
            if (this.openFails !== null) return Effect.fail(this.#error(this.openFails))
            const turn = Semaphore.makeUnsafe(1)
            return Effect.succeed({
              position: Effect.suspend(() => {
                if (this.epoch > options.epoch) {
                  return Effect.fail(this.#error({ _tag: "Fenced", mine: options.epoch, theirs: this.epoch }))
                }
                this.epoch = options.epoch
                return Effect.succeed(this.ledger)
              }),
              apply: (batch: ApplyBatch) => {
                this.given.push(batch)
                return turn.withPermit(this.#apply(batch, options.epoch))
              },
              mode: () => ({ mode: "replica" as const, order: "net_effect" as const, reason: null })
            })
          })
      })
    )
  }
}
