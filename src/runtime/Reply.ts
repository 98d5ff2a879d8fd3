import { Effect, Exit } from "effect"
import { type AskError, AskTimeout } from "./ActorError.ts"
import type { Timer, Timers } from "./Timers.ts"

/** Where an actor puts its answer. Only the first one counts; one that comes too late is dropped. */
export interface Reply<in A, in E = never> {
  succeed(value: A): Effect.Effect<void>
  fail(error: E): Effect.Effect<void>
}

/** A question as the mailbox sees it, whatever its answer's type. */
export interface Question<out M> {
  readonly message: M
  /** The actor has it in hand: from then on it depends on that incarnation. */
  taken: boolean
  /** It stays in the set until it is answered. */
  readonly register: (unanswered: Set<Question<unknown>>) => void
  /** Fails it from the kit's side. */
  readonly refuse: (error: AskError) => void
}

/** A question on its way: the message that carries the reply, and who waits for it. */
export class Ask<out M, in out A, in out E> implements Reply<A, E>, Question<M> {
  readonly message: M
  /** Waits for the answer. Run once, by the asker; if it is interrupted nobody waits any more. */
  readonly answer: Effect.Effect<A, E | AskError>
  taken = false
  readonly #timers: Timers
  #timer: Timer | undefined
  #resume: ((answer: Exit.Exit<A, E | AskError>) => void) | undefined
  #answer: Exit.Exit<A, E | AskError> | undefined
  #unanswered: Set<Question<unknown>> | undefined

  constructor(timers: Timers, make: (reply: Reply<A, E>) => M) {
    this.#timers = timers
    this.message = make(this)
    this.answer = Effect.callback<A, E | AskError>((resume) => {
      if (this.#answer !== undefined) return resume(this.#answer)
      this.#resume = resume
      return Effect.sync(() => this.#settle(Exit.interrupt()))
    })
  }

  succeed(value: A): Effect.Effect<void> {
    return Effect.sync(() => this.#settle(Exit.succeed(value)))
  }

  fail(error: E): Effect.Effect<void> {
    return Effect.sync(() => this.#settle(Exit.fail(error)))
  }

  refuse(error: AskError): void {
    this.#settle(Exit.fail(error))
  }

  /** Begins the deadline of a question to the actor at this path. */
  expireAfter(millis: number, path: string): void {
    this.#timer = this.#timers.after(millis, () => this.refuse(new AskTimeout({ path, millis })))
  }

  register(unanswered: Set<Question<unknown>>): void {
    this.#unanswered = unanswered
    unanswered.add(this)
  }

  #settle(answer: Exit.Exit<A, E | AskError>): void {
    if (this.#answer !== undefined) return
    this.#answer = answer
    this.#unanswered?.delete(this)
    if (this.#timer !== undefined) this.#timers.cancel(this.#timer)
    this.#resume?.(answer)
  }
}
