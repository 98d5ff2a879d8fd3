import { Effect, Exit, Layer, Scope } from "effect"
import { reconnect } from "../../runtime/RetryPolicy.ts"

interface Passing {
  readonly isRetryable: boolean
  readonly message: string
}

/** A service whose server does not answer at our start is waited for, as it is when it goes away later. */
export const patientLayer = <A, E extends Passing, R>(
  layer: Layer.Layer<A, E, R>
): Layer.Layer<A, E, Exclude<R, Scope.Scope>> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      let told = ""
      const attempt = Effect.gen(function* () {
        const own = yield* Scope.fork(scope)
        return yield* Layer.build(Layer.fresh(layer)).pipe(
          Scope.provide(own),
          Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
        )
      })
      return yield* attempt.pipe(
        Effect.tapError((error) => {
          if (!error.isRetryable || error.message === told) return Effect.void
          told = error.message
          return Effect.logWarning(`the start waits: ${error.message}`)
        }),
        Effect.retry({ schedule: reconnect, while: (error) => error.isRetryable })
      )
    })
  )
