import { join } from "node:path"
import { Context, Effect, Exit, Layer, Schedule, Scope } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import type { LogError } from "../../src/log/LogError.ts"
import { SpillArchive } from "../../src/log/SpillArchive.ts"
import { SpillGauge } from "../../src/log/SpillGauge.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { temporaryDirectory } from "./SqliteFixture.ts"
import { makeUnsteady } from "./UnsteadyArchive.ts"

const mebibyte = 1024 * 1024

export interface SpillOptions {
  readonly file: string
  readonly maxBytes?: number
}

/** A spill beside this archive, that takes over at once. */
export const beside = (primary: Layer.Layer<Archive, LogError>, options: SpillOptions) =>
  SpillArchive.layer({ source: "shop", maxBytes: 64 * mebibyte, patience: "40 millis", ...options }).pipe(
    Layer.provide(primary),
    Layer.provide(Layer.fresh(ActorSystem.layer))
  )

/** An archive that can be taken away, with a spill beside it, over many lives. */
export const makeScene = Effect.fnUntraced(function* (options: { readonly maxBytes?: number } = {}) {
  const path = yield* temporaryDirectory
  const unsteady = makeUnsteady(join(path, "log.db"))
  const file = join(path, "spill.sqlite")
  let scope: Scope.Closeable | undefined
  /** The next life, with the spill in this file. */
  const openAt = Effect.fnUntraced(function* (at: string) {
    scope = yield* Scope.make()
    const layer = Layer.fresh(beside(unsteady.layer, { file: at, ...options }))
    const services = yield* Layer.build(layer).pipe(Scope.provide(scope))
    return {
      archive: Context.get(services, Archive),
      figures: () => Context.get(services, SpillGauge).read()
    }
  })
  const close = Effect.suspend(() => (scope === undefined ? Effect.void : Scope.close(scope, Exit.void)))
  yield* Effect.addFinalizer(() => close)
  return { unsteady, file, elsewhere: join(path, "elsewhere.sqlite"), open: openAt(file), openAt, close }
})

/** As capture asks: for ever. */
export const patiently = <A>(call: Effect.Effect<A, LogError>) =>
  Effect.retry(call, { schedule: Schedule.spaced("10 millis"), while: (error) => error.isRetryable })
