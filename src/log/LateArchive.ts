import { Context, Deferred, Effect, Exit, Layer, Scope, Stream } from "effect"
import type { StoreKind } from "../domain/Job.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { Archive } from "./Archive.ts"
import { LogError } from "./LogError.ts"

type Service = Archive["Service"]

/** Builds the archive in a scope of its own: an attempt that fails leaves nothing behind. */
const attempt = Effect.fnUntraced(function* (
  layer: Layer.Layer<Archive, LogError, ActorSystem>
): Effect.fn.Return<Service, LogError, ActorSystem | Scope.Scope> {
  const own = yield* Scope.fork(yield* Effect.scope)
  const built = yield* Layer.build(Layer.fresh(layer)).pipe(
    Scope.provide(own),
    Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
  )
  return Context.get(built, Archive)
})

/** What stands in until the archive is there: every call fails with the last try's error. */
const standIn = (
  kind: StoreKind,
  current: () => Service | LogError,
  there: Effect.Effect<Service>
): Service => {
  const use = <A>(call: (archive: Service) => Effect.Effect<A, LogError>) =>
    Effect.suspend(() => {
      const found = current()
      return found instanceof LogError ? Effect.fail(found) : call(found)
    })
  return Archive.of({
    kind,
    recover: use((archive) => archive.recover),
    append: (chunks) => use((archive) => archive.append(chunks)),
    writeMark: (mark) => use((archive) => archive.writeMark(mark)),
    beginIncarnation: (incarnation) => use((archive) => archive.beginIncarnation(incarnation)),
    read: (from, end) => Stream.unwrap(use((archive) => Effect.succeed(archive.read(from, end)))),
    incarnations: use((archive) => archive.incarnations),
    coverage: use((archive) => archive.coverage),
    coverageChanges: Stream.unwrap(Effect.map(there, (archive) => archive.coverageChanges)),
    resolve: (bound) => use((archive) => archive.resolve(bound)),
    volume: (start, end) => use((archive) => archive.volume(start, end))
  })
}

/**
 * An archive whose server may come later than we do: the service is there at once and, until the archive is, fails as
 * an archive whose server went away does. What does not pass by itself fails the layer if it shows at the first try;
 * later it is what every call says, until a try goes well.
 */
export const lateArchive = (
  kind: StoreKind,
  layer: Layer.Layer<Archive, LogError, ActorSystem>
): Layer.Layer<Archive, LogError, ActorSystem> =>
  Layer.effect(
    Archive,
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const first = yield* Effect.result(attempt(layer))
      if (first._tag === "Success") return first.success
      if (!first.failure.isRetryable) return yield* first.failure
      yield* Effect.logWarning(`the archive is waited for: ${first.failure.message}`)
      let current: Service | LogError = first.failure
      const there = yield* Deferred.make<Service>()
      const { root } = yield* ActorSystem
      yield* Effect.acquireRelease(
        root.spawn({
          name: "archive-start",
          restart: "transient",
          run: () =>
            attempt(layer).pipe(
              Scope.provide(scope),
              Effect.tapError((error) =>
                Effect.sync(() => {
                  current = error
                })
              ),
              Effect.retry(reconnect),
              Effect.flatMap((archive) => {
                current = archive
                return Effect.andThen(
                  Deferred.succeed(there, archive),
                  Effect.logInfo("the archive is there")
                )
              })
            )
        }),
        () => root.stop("archive-start")
      ).pipe(Effect.orDie)
      return standIn(kind, () => current, Deferred.await(there))
    })
  )
