import { Effect, Layer } from "effect"
import { type ProcessRole, ThisProcess } from "../../control/ThisProcess.ts"
import { ActorSystem } from "../../runtime/ActorSystem.ts"
import { logging } from "../Process.ts"
import { type Given, readRoleSettings } from "../RoleSettings.ts"
import { Settings, type SettingsValue } from "../Settings.ts"
import { version } from "../Version.ts"

/** Runs a process until its root gives up or it is told to stop. */
export const runRole = Effect.fnUntraced(function* <R extends ProcessRole, A, E>(
  role: R,
  shape: (settings: SettingsValue, given: Given<R>) => Layer.Layer<A, E, ActorSystem | ThisProcess>
) {
  const { settings, given } = yield* Settings.load((environment) => readRoleSettings(role, environment))
  return yield* Effect.gen(function* () {
    const built = yield* Layer.build(
      shape(settings, given).pipe(
        Layer.provideMerge(Layer.mergeAll(ActorSystem.layer, ThisProcess.layer(role, version)))
      )
    )
    yield* Effect.logInfo(`${role} is up`)
    return yield* Effect.flatMap(ActorSystem, (system) => system.awaitFailure).pipe(
      Effect.provideContext(built)
    )
  }).pipe(Effect.scoped, Effect.provide(logging(settings)))
})
