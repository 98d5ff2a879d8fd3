import { Effect, type Exit, Fiber } from "effect"
import type { JobCounters } from "../domain/Job.ts"
import type { Position } from "../domain/Position.ts"
import type { Taken } from "./Backlog.ts"
import type { TargetSession } from "./Target.ts"
import type { TargetError } from "./TargetError.ts"

/** A batch that the target was given. */
export interface Given {
  readonly taken: Taken
  /** Of a large transaction the changes that it was given before. */
  readonly before: number
}

interface Going extends Given {
  fiber: Fiber.Fiber<JobCounters, TargetError> | undefined
  exit: Exit.Exit<JobCounters, TargetError> | undefined
}

/** One is being applied, and the next is made ready or on its way meanwhile. */
const depth = 2

/** The batches that a target was given and has not answered, oldest first. Answers are taken in that order. */
export class Pipeline {
  readonly #session: TargetSession
  readonly #onAnswer: () => void
  readonly #going: Array<Going> = []

  constructor(session: TargetSession, onAnswer: () => void) {
    this.#session = session
    this.#onAnswer = onAnswer
  }

  /** What the target is at. */
  get oldest(): Given | undefined {
    return this.#going[0]
  }

  get isEmpty(): boolean {
    return this.#going.length === 0
  }

  get isFull(): boolean {
    return this.#going.length >= depth
  }

  /** Gives the target its next batch, and does not wait. */
  give(given: Given, follows: Position): Effect.Effect<void> {
    const { chunks, until, goesOn } = given.taken
    const going: Going = { ...given, fiber: undefined, exit: undefined }
    this.#going.push(going)
    const applying = Effect.onExit(
      this.#session.apply({ chunks, follows, until: until.position, goesOn }),
      (exit) =>
        Effect.sync(() => {
          going.exit = exit
          this.#onAnswer()
        })
    )
    // At once: the target takes its batches in the order of these calls.
    return Effect.map(Effect.forkChild(applying, { startImmediately: true }), (fiber) => {
      going.fiber = fiber
    })
  }

  /** The oldest batch, if it is answered. One that failed stays, since nothing behind it counts. */
  answered():
    | { readonly given: Given; readonly counters: Effect.Effect<JobCounters, TargetError> }
    | undefined {
    const [going] = this.#going
    if (going?.exit === undefined) return undefined
    if (going.exit._tag === "Success") this.#going.shift()
    return { given: going, counters: going.exit }
  }

  /** Takes back what stands behind the oldest. */
  readonly keepOldest: Effect.Effect<void> = Effect.suspend(() => takeBack(this.#going.splice(1)))

  /** Takes back all that is not answered. */
  readonly abandon: Effect.Effect<void> = Effect.suspend(() => takeBack(this.#going.splice(0)))
}

/** The youngest first, so that none is begun because the one before it ends. */
const takeBack = (going: ReadonlyArray<Going>): Effect.Effect<void> =>
  Effect.forEach(
    going.toReversed(),
    ({ fiber }) => (fiber === undefined ? Effect.void : Fiber.interrupt(fiber)),
    { discard: true }
  )
