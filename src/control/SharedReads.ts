import { Deferred, Effect, type Scope } from "effect"

interface Reading<A, E> {
  /** What those wait for who have asked and for whom it was not begun. */
  next: Deferred.Deferred<A, E> | undefined
}

/**
 * The same reading for all who ask for it at the same time. Nobody is given what was read before it asked: who comes while
 * one is under way shares the one after it. So however many ask, there is one at a time, and each sees its own writes.
 */
export const makeSharedReads = <A, E>(): Effect.Effect<
  { readonly read: <R>(key: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> },
  never,
  Scope.Scope
> =>
  Effect.map(Effect.scope, (scope) => {
    const underWay = new Map<string, Reading<A, E>>()

    /** In a fiber of its own: whoever asked first may go away, and others wait for it. */
    const start = <R>(key: string, effect: Effect.Effect<A, E, R>, reading: Reading<A, E>) => {
      underWay.set(key, reading)
      return Effect.gen(function* () {
        // Whatever has arrived with the first is looked at before it begins: so that shares it, too.
        yield* Effect.yieldNow
        for (let answer = reading.next; answer !== undefined; answer = reading.next) {
          reading.next = undefined
          yield* Deferred.done(answer, yield* Effect.exit(effect))
        }
        underWay.delete(key)
      }).pipe(Effect.forkIn(scope, { startImmediately: true }))
    }

    return {
      read: (key, effect) =>
        Effect.suspend(() => {
          const known = underWay.get(key)
          const reading = known ?? { next: undefined }
          reading.next ??= Deferred.makeUnsafe<A, E>()
          const answer = Deferred.await(reading.next)
          return known === undefined ? Effect.andThen(start(key, effect, reading), answer) : answer
        })
    }
  })
