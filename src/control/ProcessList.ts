import { Clock, Context, Effect, Layer } from "effect"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { actorJson } from "./api/ActorJson.ts"
import type { ProcessJson } from "./api/ProcessJson.ts"
import { Processes } from "./Processes.ts"
import { ThisProcess } from "./ThisProcess.ts"

/** Every process with its supervision tree: this one as it is, the others as they told; without the control database this one alone. */
export class ProcessList extends Context.Service<
  ProcessList,
  { readonly read: Effect.Effect<ReadonlyArray<ProcessJson>> }
>()("walstream/control/ProcessList") {
  static readonly layer: Layer.Layer<ProcessList, never, ThisProcess | Processes | ActorSystem> =
    Layer.effect(
      ProcessList,
      Effect.gen(function* () {
        const { startedAt, ...identity } = yield* ThisProcess
        const processes = yield* Processes
        const system = yield* ActorSystem
        return {
          read: Effect.gen(function* () {
            const now = new Date(yield* Clock.currentTimeMillis).toISOString()
            const actors = actorJson(yield* system.tree)
            const here = { ...identity, started_at: startedAt, told_at: now, silent: false, actors }
            const told = yield* Effect.orElseSucceed(processes.list, () => [])
            return [here, ...told.filter(({ id }) => id !== here.id)]
          })
        }
      })
    )
}
