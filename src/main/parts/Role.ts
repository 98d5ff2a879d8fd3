import { Effect, Layer, Stream } from "effect"
import { type ProcessRole, ThisProcess } from "../../control/ThisProcess.ts"
import { ActorSystem } from "../../runtime/ActorSystem.ts"
import { hangups } from "../Hangup.ts"
import { LevelTable, LogLevels } from "../LogLevels.ts"
import { logging, stopDeadline } from "../Process.ts"
import { type Given, readRoleSettings } from "../RoleSettings.ts"
import { Settings, type SettingsValue } from "../Settings.ts"
import { tracing } from "../trace/Traced.ts"
import { version } from "../Version.ts"

/** A role goes on after a SIGHUP. What runs in a terminal ends with it. */
const resetAtHangup = (levels: LevelTable) =>
  Stream.runForEach(hangups, () =>
    Effect.andThen(
      Effect.sync(() => levels.reset()),
      Effect.logInfo("hangup: the log's levels are as the settings say, and files are read anew")
    )
  )

/** Runs a process until its root gives up or it is told to stop. */
export const runRole = Effect.fnUntraced(function* <R extends ProcessRole, A, E>(
  role: R,
  shape: (
    settings: SettingsValue,
    given: Given<R>
  ) => Layer.Layer<A, E, ActorSystem | ThisProcess | LogLevels>
) {
  const { settings, given } = yield* Settings.load((environment) => readRoleSettings(role, environment))
  if (role === "control" || role === "dev") stopDeadline.drains(settings.drainSeconds)
  const levels = new LevelTable(settings.logLevel, settings.logLevels)
  return yield* Effect.gen(function* () {
    yield* Effect.logInfo(`walstream ${version} starts as ${role}, on Node ${process.version}`)
    if (role !== "dev") yield* Effect.forkScoped(resetAtHangup(levels), { startImmediately: true })
    const built = yield* Layer.build(
      shape(settings, given).pipe(
        Layer.provide(tracing(settings)),
        Layer.provideMerge(
          Layer.mergeAll(
            ActorSystem.layer,
            ThisProcess.layer(role, version),
            Layer.succeed(LogLevels, levels)
          )
        )
      )
    )
    yield* Effect.logInfo(`${role} is up`)
    return yield* Effect.flatMap(ActorSystem, (system) => system.awaitFailure).pipe(
      Effect.provideContext(built)
    )
  }).pipe(Effect.scoped, Effect.provide(logging(settings, levels)))
})
