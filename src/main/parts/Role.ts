import { Effect, Layer, Option, type Scope } from "effect"
import { type ProcessRole, ThisProcess } from "../../control/ThisProcess.ts"
import { ActorSystem } from "../../runtime/ActorSystem.ts"
import { logging } from "../Process.ts"
import { Settings, SettingsError, type SettingsValue } from "../Settings.ts"
import { version } from "../Version.ts"

/** What a setting says, where a role cannot do without it. */
export const required = <A>(name: string, value: Option.Option<A>): Effect.Effect<A, SettingsError> =>
  Option.match(value, {
    onNone: () => Effect.fail(new SettingsError({ problems: [`${name} is required in this role`] })),
    onSome: Effect.succeed
  })

/** The embedded stores belong to a single process: roles need those that all of them reach. */
export const requireSharedStores = (settings: SettingsValue): Effect.Effect<void, SettingsError> => {
  const problems = [
    ...(settings.kafkaBroker.length === 0 ? ["KAFKA_BROKER"] : []),
    ...(Option.isNone(settings.redisUrl) ? ["REDIS_URL"] : [])
  ].map((name) => `${name} is required in this role: the embedded store is for a single process`)
  return problems.length === 0 ? Effect.void : Effect.fail(new SettingsError({ problems }))
}

/** Runs a process until its root gives up or it is told to stop. */
export const runRole = Effect.fnUntraced(function* <A, E1, E2>(
  role: ProcessRole,
  shape: (
    settings: SettingsValue
  ) => Effect.Effect<Layer.Layer<A, E2, ActorSystem | ThisProcess>, E1, Scope.Scope>
) {
  const settings = yield* Settings.load
  return yield* Effect.gen(function* () {
    const layer = yield* shape(settings)
    const built = yield* Layer.build(
      layer.pipe(Layer.provideMerge(Layer.mergeAll(ActorSystem.layer, ThisProcess.layer(role, version))))
    )
    yield* Effect.logInfo(`${role} is up`)
    return yield* Effect.flatMap(ActorSystem, (system) => system.awaitFailure).pipe(
      Effect.provideContext(built)
    )
  }).pipe(Effect.scoped, Effect.provide(logging(settings)))
})
