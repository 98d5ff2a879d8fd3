import { Clock, Context, Deferred, Effect, Exit, Layer, Scope, Stream } from "effect"
import type { StoreKind } from "../domain/Job.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { Archive } from "./Archive.ts"
import { KafkaGauges } from "./kafka/KafkaGauges.ts"
import { LogError } from "./LogError.ts"

type Service = Archive["Service"]
type Built = Context.Context<Archive>

/** A server that takes connections and says nothing must not keep a role from answering its probes. */
const firstWithin = "10 seconds"

const unanswered = (kind: StoreKind) =>
  new LogError({
    store: `${kind} archive`,
    reason: { _tag: "Unavailable", detail: `it has not opened within ${firstWithin}` }
  })

/** Builds the archive in a scope of its own: an attempt that fails leaves nothing behind. */
const attempt = Effect.fnUntraced(function* (
  layer: Layer.Layer<Archive, LogError, ActorSystem>
): Effect.fn.Return<Built, LogError, ActorSystem | Scope.Scope> {
  const own = yield* Scope.fork(yield* Effect.scope)
  return yield* Layer.build(Layer.fresh(layer)).pipe(
    Scope.provide(own),
    Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
  )
})

/** What stands in until the archive is there: every call fails with the last try's error. */
const standIn = (kind: StoreKind, current: () => Built | LogError, there: Effect.Effect<Built>): Service => {
  const use = <A>(call: (archive: Service) => Effect.Effect<A, LogError>) =>
    Effect.suspend(() => {
      const found = current()
      return found instanceof LogError ? Effect.fail(found) : call(Context.get(found, Archive))
    })
  return Archive.of({
    kind,
    recover: use((archive) => archive.recover),
    append: (chunks) => use((archive) => archive.append(chunks)),
    writeMark: (mark) => use((archive) => archive.writeMark(mark)),
    beginIncarnation: (incarnation) => use((archive) => archive.beginIncarnation(incarnation)),
    read: (from, end, hints) =>
      Stream.unwrap(use((archive) => Effect.succeed(archive.read(from, end, hints)))),
    incarnations: use((archive) => archive.incarnations),
    coverage: use((archive) => archive.coverage),
    reach: use((archive) => archive.reach),
    coverageChanges: Stream.unwrap(Effect.map(there, (built) => Context.get(built, Archive).coverageChanges)),
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
  Layer.effectContext(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const lookedSince = yield* Clock.currentTimeMillis
      const first = yield* Effect.result(
        Effect.timeoutOrElse(attempt(layer), {
          duration: firstWithin,
          orElse: () => Effect.fail(unanswered(kind))
        })
      )
      if (first._tag === "Success") return first.success
      if (!first.failure.isRetryable) return yield* first.failure
      yield* Effect.logWarning(`the archive is waited for: ${first.failure.message}`)
      let current: Built | LogError = first.failure
      const there = yield* Deferred.make<Built>()
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
              Effect.flatMap((built) => {
                current = built
                return Effect.andThen(Deferred.succeed(there, built), Effect.logInfo("the archive is there"))
              })
            )
        }),
        () => root.stop("archive-start")
      ).pipe(Effect.orDie)
      const gauges = {
        read: () =>
          current instanceof LogError
            ? { waitsSince: lookedSince, published: 0, passed: { repeats: 0, leftovers: 0, foreign: 0 } }
            : Context.get(current, KafkaGauges).read()
      }
      return Context.make(
        Archive,
        standIn(kind, () => current, Deferred.await(there))
      ).pipe(Context.add(KafkaGauges, gauges))
    })
  )
