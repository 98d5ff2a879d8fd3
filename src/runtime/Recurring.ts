import { Effect, type Scope } from "effect"
import { ActorSystem } from "./ActorSystem.ts"

export interface RecurringActor<R> {
  readonly name: string
  /** Milliseconds from one run's end to the next one's beginning. The first begins at once. */
  readonly everyMillis: number
  readonly run: Effect.Effect<void, never, R>
}

/** Spawns an actor that does the same again and again, until the scope ends. */
export const spawnRecurring = <R>({
  name,
  everyMillis,
  run
}: RecurringActor<R>): Effect.Effect<void, never, ActorSystem | Scope.Scope | R> =>
  Effect.gen(function* () {
    const { root } = yield* ActorSystem
    const needs = yield* Effect.context<R>()
    yield* Effect.acquireRelease(
      root.spawn({
        name,
        run: () =>
          run.pipe(Effect.andThen(Effect.sleep(everyMillis)), Effect.forever, Effect.provideContext(needs))
      }),
      () => root.stop(name)
    )
  }).pipe(Effect.orDie)
