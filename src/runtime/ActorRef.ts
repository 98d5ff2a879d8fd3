import type { Duration, Effect, Exit } from "effect"
import type { ActorStopped, AskError, TellError } from "./ActorError.ts"
import type { Reply } from "./Reply.ts"

/** An actor as others see it. Valid across its restarts, until it has ended. */
export interface ActorRef<in M> {
  readonly path: string
  /** Puts a message into the mailbox. Waits only where the mailbox is full and its policy is "wait". */
  readonly tell: (message: M) => Effect.Effect<void, TellError>
  /**
   * Puts a question into the mailbox and waits for its reply, both within the deadline. Fails with `ActorStopped`
   * or `ActorRestarted` as soon as the actor ends or fails while it handles the question.
   * Name the answer's type: `ref.ask<number>((reply) => ({ _tag: "Count", reply }), "1 second")`.
   */
  readonly ask: <A, E = never>(
    question: (reply: Reply<A, E>) => M,
    deadline: Duration.Input
  ) => Effect.Effect<A, E | AskError>
  /** Completes when the actor has signalled that it is ready; at once if it does not signal. */
  readonly ready: Effect.Effect<void, ActorStopped>
  /** Completes when the actor has ended and will not be restarted, with how. An orderly stop is a success. */
  readonly ended: Effect.Effect<Exit.Exit<void, unknown>>
  /**
   * Ends the actor for good and waits until it has: closes the mailbox, lets the actor work off what is in it until
   * its stop deadline, then interrupts it. Called by the actor itself it only asks, since it cannot wait for itself.
   */
  readonly stop: Effect.Effect<void>
}
