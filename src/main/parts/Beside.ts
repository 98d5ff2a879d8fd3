import { Layer, type Scope } from "effect"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { spawnKept } from "../../runtime/KeptActor.ts"

/** Keeps a layer alive beside the main work, which neither waits for it nor ends with it. */
export const beside = <E, R>(
  name: string,
  layer: Layer.Layer<never, E, R>
): Layer.Layer<never, never, ActorSystem | Exclude<R, Scope.Scope>> =>
  Layer.effectDiscard(spawnKept({ group: name, name: "kept", run: Layer.launch(Layer.fresh(layer)) }))
