import { Effect, type Scope } from "effect"
import { ActorSystem } from "./ActorSystem.ts"
import { reconnect } from "./RetryPolicy.ts"

export interface KeptActor<E, R> {
  /** Of the supervisor that it has for itself, below the root. */
  readonly group: string
  readonly name: string
  readonly run: Effect.Effect<unknown, E, R>
}

/**
 * Spawns an actor beside the main work that depends on a server: started again for as long as that is away, stopped
 * with the scope. Nobody waits for it, and its failures are nobody else's.
 */
export const spawnKept = <E, R>({
  group,
  name,
  run
}: KeptActor<E, R>): Effect.Effect<void, never, ActorSystem | Scope.Scope | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const { root } = yield* ActorSystem
    const supervisor = yield* Effect.acquireRelease(
      root.supervise({ name: group, intensity: "unlimited", backoff: reconnect }),
      () => root.stop(group)
    )
    yield* supervisor.spawn({ name, run: () => Effect.asVoid(run) })
  }).pipe(Effect.orDie)
