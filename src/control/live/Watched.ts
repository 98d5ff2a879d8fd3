import { Effect, Latch, type Scope } from "effect"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { spawnKept } from "../../runtime/KeptActor.ts"

/** Something that runs while somebody watches. */
export interface Watched {
  /** One who watches, until the scope ends. */
  readonly watch: Effect.Effect<void, never, Scope.Scope>
}

/**
 * An actor that works while it has watchers, and costs nothing else. Its work is interrupted when the last one leaves and
 * begun anew with the next; `work` that ends or fails is begun again for as long as there are any.
 */
export const makeWatched = <E, R>(
  name: string,
  work: Effect.Effect<void, E, R>
): Effect.Effect<Watched, never, ActorSystem | Scope.Scope | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const some = yield* Latch.make(false)
    const none = yield* Latch.make(true)
    let watchers = 0
    const change = (by: 1 | -1) =>
      Effect.sync(() => {
        watchers += by
        if (watchers > 0) {
          none.closeUnsafe()
          some.openUnsafe()
        } else {
          some.closeUnsafe()
          none.openUnsafe()
        }
      })
    yield* spawnKept({
      group: `live-${name}`,
      name: "reader",
      run: some.await.pipe(Effect.andThen(Effect.raceFirst(work, none.await)), Effect.forever)
    })
    return { watch: Effect.asVoid(Effect.acquireRelease(change(1), () => change(-1))) }
  })
