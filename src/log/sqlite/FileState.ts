import type { Coverage } from "../../domain/Log.ts"
import type { Relation } from "../../domain/Relation.ts"
import { LogError, type LogErrorReason } from "../LogError.ts"
import { Wakeup } from "../Wakeup.ts"
import { coverageOf, type Held, heldOf } from "./Held.ts"
import type { Recovered } from "./Protocol.ts"

const store = "sqlite archive"

export const fileError = (reason: LogErrorReason): LogError => new LogError({ store, reason })

/** What the main thread knows of the file; one for the service's life, whatever happens to the threads. */
export class FileState {
  #held: Held | undefined
  /** Schema versions that are stored. */
  readonly relations = new Map<string, Relation>()
  readonly changed = new Wakeup()

  /** Takes the place of everything known before: how an append ended whose answer was lost is known again. */
  recover(recovered: Recovered): void {
    for (const { fingerprint, json } of recovered.relations) {
      // Written by `append` from a Relation.
      this.relations.set(fingerprint, JSON.parse(json) as Relation)
    }
    this.held = heldOf(recovered)
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
