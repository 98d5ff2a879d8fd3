import { Context, Effect, Latch, Layer } from "effect"

/** Whether this process is about to take no more requests. */
export class Draining extends Context.Service<
  Draining,
  {
    isDraining: boolean
    /** Opens when it takes no more: what stays connected has to go. */
    readonly ended: Latch.Latch
  }
>()("walstream/control/Draining") {
  static readonly layer: Layer.Layer<Draining> = Layer.effect(
    Draining,
    Effect.map(Latch.make(false), (ended) => ({ isDraining: false, ended }))
  )

  /** To be built last, so that it ends first: load balancers are told, and have time to hear of it, before anything stops. */
  static readonly layerEnd = (seconds: number): Layer.Layer<never, never, Draining> =>
    Layer.effectDiscard(
      Effect.flatMap(Draining, (draining) =>
        Effect.addFinalizer(() =>
          Effect.suspend(() => {
            draining.isDraining = true
            return Effect.andThen(Effect.sleep(seconds * 1000), draining.ended.open)
          })
        )
      )
    )
}
