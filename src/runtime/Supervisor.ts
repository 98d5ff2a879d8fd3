import type { Duration, Effect, Schedule, Scope } from "effect"
import type { ActorDefinition, RestartKind } from "./Actor.ts"
import type { SpawnError } from "./ActorError.ts"
import type { ActorRef } from "./ActorRef.ts"
import type { RestartStrategy } from "./RestartStrategy.ts"

export interface SupervisorOptions {
  /** Who is restarted with a child that failed. Default "one-for-one". */
  readonly strategy?: RestartStrategy
  /**
   * Restarts granted within a period, over all children; one more and the supervisor gives up: it takes its children
   * down and fails in turn, for its own supervisor to restart it or to give up too. Default 10 within a minute.
   */
  readonly intensity?: { readonly restarts: number; readonly within: Duration.Input } | "unlimited"
  /**
   * The delays before restarts, for each child on its own; the schedule's input is the error's text. When it ends, the
   * supervisor gives up. Default `restartBackoff`.
   */
  readonly backoff?: Schedule.Schedule<unknown, string>
  /** After running that long a child's backoff begins anew. Default one minute. */
  readonly stableAfter?: Duration.Input
}

export interface SupervisorDefinition extends SupervisorOptions {
  /** Unique among its supervisor's children. */
  readonly name: string
  /** As for an actor, when this supervisor has given up. Default "permanent". */
  readonly restart?: RestartKind
}

/**
 * Starts children and starts them again when they fail. They stop in the reverse of the order they were spawned in,
 * each given its own deadline. When the supervisor itself is restarted, its permanent and transient children are
 * started again, in order and with their refs and mailboxes; the temporary ones are gone.
 */
export interface Supervisor {
  readonly path: string
  /** Starts an actor. What its `run` needs beyond a Scope is taken from the caller's context, for all its lives. */
  readonly spawn: <M, E, R>(
    definition: ActorDefinition<M, E, R>
  ) => Effect.Effect<ActorRef<M>, SpawnError, Exclude<R, Scope.Scope>>
  /** Starts a supervisor below this one. */
  readonly supervise: (definition: SupervisorDefinition) => Effect.Effect<Supervisor, SpawnError>
  /** Ends a child for good and waits until it has ended. Does nothing where there is none of that name. */
  readonly stop: (name: string) => Effect.Effect<void>
}
