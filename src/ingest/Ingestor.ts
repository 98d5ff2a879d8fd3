import { Context, Effect, Layer, SubscriptionRef } from "effect"
import type { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import type { ActorContext } from "../runtime/Actor.ts"
import type { SpawnError } from "../runtime/ActorError.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { type CaptureError, type CaptureOptions, capture } from "./Capture.ts"
import { CoverageClock } from "./CoverageClock.ts"
import { IngestState } from "./IngestState.ts"
import { LiveQueue } from "./LiveQueue.ts"
import { writeLive } from "./LiveWriter.ts"
import { keepPublications } from "./PublicationKeeper.ts"
import { publicationNames } from "./Publications.ts"
import { watchSource } from "./SourceStatus.ts"

export interface IngestorOptions extends CaptureOptions {
  /** Milliseconds between two looks at slot and clock of the source; 1000 if not given. */
  readonly statusEvery?: number
  /** Milliseconds between two looks for new tables and changed identities; 60,000 if not given. */
  readonly publicationsEvery?: number
  /** Bytes that may wait for the live buffer; 32 MiB if not given. */
  readonly liveBytes?: number
}

/** What a person can ask of capture. */
export class Ingestor extends Context.Service<
  Ingestor,
  {
    /** Starts capture again after it stopped for a person. Does nothing while it runs. */
    readonly resume: Effect.Effect<void, SpawnError>
    /** Looks for new tables now. */
    readonly checkPublications: Effect.Effect<void>
  }
>()("walstream/ingest/Ingestor") {
  /**
   * Captures a source into the archive and the live buffer, by itself: what passes is retried, for the rest it stops
   * and says so in `IngestState`.
   */
  static readonly layer = (
    options: IngestorOptions
  ): Layer.Layer<Ingestor | IngestState, SpawnError, Archive | LiveBuffer | ActorSystem> =>
    Layer.effect(this, startIngestor(options)).pipe(Layer.provideMerge(IngestState.layer))
}

const codeOf = (error: CaptureError): string => ("reason" in error ? error.reason._tag : error._tag)

/** What a person can do about an error that does not pass by itself. */
const fixOf = (error: CaptureError): string | null => {
  switch (error._tag) {
    case "SourceError":
      return error.fix
    case "SpillError":
      return `check that ${error.directory} can be written and its disk is sound; nothing is lost, the source keeps it`
    case "SequenceError":
      return "nothing is lost, the slot keeps it; please report it with the server's version"
    case "LogError":
      switch (error.reason._tag) {
        case "Conflict":
          return "make sure that no other process writes this archive, and that SOURCE_ID and the publication are the ones it was begun with"
        case "Corrupt":
        case "BelowMark":
          return "restore the archive from a copy, or begin a new one under another SOURCE_ID; do not drop the slot before"
        default:
          return null
      }
  }
}

/** Says how a life of capture ended. What passes by itself fails the actor, so that its supervisor tries again. */
const settle = Effect.fnUntraced(function* (error: CaptureError) {
  const state = yield* IngestState
  const { message } = error
  const fix = fixOf(error)
  if (error.isRetryable) {
    state.update((figures) => ({ reconnects: figures.reconnects + 1 }))
    yield* Effect.logWarning(`capture tries again: ${message}`)
    yield* SubscriptionRef.set(state.phase, { _tag: "Retrying", message, fix })
    return yield* error
  }
  yield* Effect.logError(`capture has stopped: ${message}${fix === null ? "" : `. What to do: ${fix}`}`)
  yield* SubscriptionRef.set(state.phase, { _tag: "Stopped", code: codeOf(error), message, fix })
})

const startIngestor = Effect.fnUntraced(function* (options: IngestorOptions) {
  const system = yield* ActorSystem
  const state = yield* IngestState
  const supervisor = yield* system.root.supervise({
    name: "ingest",
    intensity: "unlimited",
    backoff: reconnect
  })
  yield* Effect.addFinalizer(() => system.root.stop("ingest"))

  const live = new LiveQueue(options.liveBytes ?? 32 * 1024 * 1024)
  const coverage = new CoverageClock()
  const { sourceId, url } = options

  yield* supervisor.spawn({ name: "live", run: () => writeLive(live) })
  yield* supervisor.spawn({
    name: "source",
    run: () =>
      watchSource({ url, sourceId, slot: options.slot, every: options.statusEvery ?? 1000 }, coverage)
  })
  const names = publicationNames(options.publication)
  const publications = yield* supervisor.spawn({
    name: "publications",
    mailbox: { capacity: 1, overflow: "drop-oldest" },
    run: (context: ActorContext<"check">) =>
      context.mailbox.take.pipe(
        Effect.timeoutOption(options.publicationsEvery ?? 60_000),
        Effect.andThen(keepPublications({ url, sourceId, names })),
        Effect.forever
      )
  })
  const check = Effect.ignore(publications.tell("check"))

  const services = yield* Effect.context<Archive | IngestState>()
  const spawnCapture = supervisor
    .spawn({
      name: "capture",
      restart: "transient",
      stopDeadline: "10 seconds",
      run: (context: ActorContext<never>) =>
        capture(options, { live, coverage, newShape: check }, context.stopping).pipe(
          Effect.andThen(SubscriptionRef.set(state.phase, { _tag: "Ended" })),
          Effect.catch(settle)
        )
    })
    .pipe(Effect.provide(services))
  yield* spawnCapture
  return Ingestor.of({
    resume: spawnCapture.pipe(
      Effect.asVoid,
      Effect.catchTag("NameTaken", () => Effect.void)
    ),
    checkPublications: check
  })
})
