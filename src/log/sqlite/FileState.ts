import { Effect, Semaphore } from "effect"
import type { Coverage } from "../../domain/Log.ts"
import { makeRelation, type Relation } from "../../domain/Relation.ts"
import { LogError, type LogErrorReason } from "../LogError.ts"
import { Wakeup } from "../Wakeup.ts"
import { coverageOf, type Held, heldOf } from "./Held.ts"
import type { Recovered, StoredRelation } from "./Protocol.ts"

const store = "sqlite archive"

export const fileError = (reason: LogErrorReason): LogError => new LogError({ store, reason })

const relationOf = ({ fingerprint, json }: StoredRelation): Relation | undefined => {
  try {
    // Written by `append` from a Relation; the fingerprint is over all of it.
    const relation = makeRelation(JSON.parse(json) as Relation)
    return relation.fingerprint === fingerprint ? relation : undefined
  } catch {
    return undefined
  }
}

/** What the main thread knows of the file; one for the service's life, whatever happens to the threads. */
export class FileState {
  #held: Held | undefined
  /** Schema versions that are stored. */
  readonly relations = new Map<string, Relation>()
  readonly changed = new Wakeup()
  readonly #turn = Semaphore.makeUnsafe(1)

  /**
   * What changes the file, and what finds out how it stands, goes one after the other: what was decided by a state
   * must not be carried out in another. Not interruptible, since what the thread was told happens, and this has to
   * follow.
   */
  alone<A>(work: Effect.Effect<A, LogError>): Effect.Effect<A, LogError> {
    return this.#turn.withPermit(Effect.uninterruptible(work))
  }

  /**
   * Takes the place of everything known before: how an append ended whose answer was lost is known again. Gives the
   * error when a schema version does not match its fingerprint.
   */
  recover(recovered: Recovered): LogError | undefined {
    for (const stored of recovered.relations) {
      const relation = relationOf(stored)
      if (relation === undefined) {
        return fileError({ _tag: "Corrupt", detail: `schema version ${stored.fingerprint} is damaged` })
      }
      this.relations.set(stored.fingerprint, relation)
    }
    this.held = heldOf(recovered)
    return undefined
  }

  get held(): Held {
    if (this.#held === undefined) throw new Error("the archive's file was never opened")
    return this.#held
  }

  set held(held: Held) {
    this.#held = held
    this.changed.notify()
  }

  get coverage(): Coverage {
    return coverageOf(this.held)
  }
}
