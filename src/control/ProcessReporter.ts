import type { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option, Schedule } from "effect"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { spawnKept } from "../runtime/KeptActor.ts"
import { actorJson } from "./api/ActorJson.ts"
import { Processes } from "./Processes.ts"
import { SourceView } from "./SourceView.ts"
import { ThisProcess } from "./ThisProcess.ts"

/** What the control database may take of our stop. */
const leaveDeadline = "1 second"

/**
 * In every process: tells the control plane every two seconds how its actors are, and its source where it captures
 * one. Nothing here waits for the control database but this actor.
 */
export const layerProcessReporter: Layer.Layer<never, never, ThisProcess | PgClient.PgClient | ActorSystem> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const identity = yield* ThisProcess
      const system = yield* ActorSystem
      const processes = yield* Processes
      const view = yield* Effect.serviceOption(SourceView)
      const tell = Effect.gen(function* () {
        const tree = yield* system.tree
        const source = Option.isSome(view) && view.value.here ? yield* view.value.read : null
        yield* processes.tell(identity, actorJson(tree), source)
      })
      // Released after the actor has stopped: nothing is told after the leave.
      yield* Effect.addFinalizer(() =>
        processes.leave(identity.id).pipe(Effect.timeoutOption(leaveDeadline), Effect.ignore)
      )
      yield* spawnKept({
        group: "presence",
        name: "reports",
        run: Effect.repeat(tell, Schedule.spaced("2 seconds"))
      })
    })
  ).pipe(Layer.provide(Processes.layer))
