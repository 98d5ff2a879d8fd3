import { type Cause, type Duration, Effect, type Scope } from "effect"
import type { ActorRef } from "./ActorRef.ts"
import type { Inbox, MailboxOptions } from "./Mailbox.ts"

/**
 * Whether an actor that ends is started again: always; only when it failed; never.
 * A defect is a failure. An end after an orderly stop is final for all three.
 */
export type RestartKind = "permanent" | "transient" | "temporary"

/** What an actor gets to work with. A new one for each incarnation; mailbox and ref stay the same. */
export interface ActorContext<in out M> {
  /** Its place in the tree: "/control/jobs/42". */
  readonly path: string
  readonly mailbox: Inbox<M>
  readonly self: ActorRef<M>
  /** Says that the actor does its work now. Only means something with `readiness: "signalled"`. */
  readonly ready: Effect.Effect<void>
  /** Completes when a stop was asked for. Who waits for it is given the stop deadline to end by itself. */
  readonly stopping: Effect.Effect<void>
}

/** How an actor is kept, whatever it does. */
export interface ActorSettings {
  /** Unique among the supervisor's children. */
  readonly name: string
  readonly mailbox?: MailboxOptions
  /** Default "permanent". */
  readonly restart?: RestartKind
  /**
   * How long a stop waits for the mailbox to be worked off before it interrupts, and then again how long for the
   * finalizers. An actor that never looked into its mailbox is interrupted at once. Default 5 seconds.
   */
  readonly stopDeadline?: Duration.Input
  /** "signalled": it counts as starting until it runs `context.ready`. Default "immediate". */
  readonly readiness?: "immediate" | "signalled"
  /**
   * It logs the errors it fails with itself: its supervisor does not say them again, but at debug level. Its defects,
   * and that it ended though it should not, are the supervisor's to tell as ever. Default false.
   */
  readonly tellsErrors?: boolean
}

export interface ActorDefinition<in out M, out E = never, out R = never> extends ActorSettings {
  /**
   * One life. Its scope ends with it. What it needs from the context is taken where it is spawned.
   * May simply fail with the `Done` of its mailbox: asked to stop, that is an orderly end.
   */
  readonly run: (context: ActorContext<M>) => Effect.Effect<void, E, R | Scope.Scope>
}

export interface HandlerDefinition<in out S, in out M, out E = never, out R = never> extends ActorSettings {
  /** The state each incarnation begins with. */
  readonly initial: (context: ActorContext<M>) => Effect.Effect<S, E, R | Scope.Scope>
  /** The state after the message. Messages are handled one at a time, in order. */
  readonly handle: (state: S, message: M, context: ActorContext<M>) => Effect.Effect<S, E, R | Scope.Scope>
}

/** An actor that is a function from state and message to the next state. Ends when its mailbox does. */
export const handler = <S, M, E = never, R = never>(
  definition: HandlerDefinition<S, M, E, R>
): ActorDefinition<M, E | Cause.Done, R> => {
  const { initial, handle } = definition
  return {
    ...definition,
    run: (context) =>
      Effect.flatMap(initial(context), (first) => {
        let state = first
        const handling = Effect.flatMap(context.mailbox.take, (message) => handle(state, message, context))
        const loop = Effect.whileLoop({
          while: () => true,
          body: () => handling,
          step: (next) => {
            state = next
          }
        })
        return Effect.andThen(context.ready, loop)
      })
  }
}
