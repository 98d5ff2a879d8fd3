import { Effect, Layer, type Scope } from "effect"
import { ActorSystem } from "../../runtime/ActorSystem.ts"
import { reconnect } from "../../runtime/RetryPolicy.ts"

/** Keeps a layer alive beside the main work, which neither waits for it nor ends with it. */
export const beside = <E, R>(
  name: string,
  layer: Layer.Layer<never, E, R>
): Layer.Layer<never, never, ActorSystem | Exclude<R, Scope.Scope>> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { root } = yield* ActorSystem
      const supervisor = yield* Effect.acquireRelease(
        root.supervise({ name, intensity: "unlimited", backoff: reconnect }),
        () => root.stop(name)
      )
      yield* supervisor.spawn({ name: "kept", run: () => Layer.launch(Layer.fresh(layer)) })
    }).pipe(Effect.orDie)
  )
