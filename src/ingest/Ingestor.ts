import { Context, Effect, Layer, SubscriptionRef } from "effect"
import type { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import type { ActorContext } from "../runtime/Actor.ts"
import type { SpawnError } from "../runtime/ActorError.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { type CaptureError, type CaptureOptions, type CaptureShared, capture } from "./Capture.ts"
import { CoverageClock } from "./CoverageClock.ts"
import { IngestState } from "./IngestState.ts"
import { LiveQueue } from "./LiveQueue.ts"
import type { AcceptedGap } from "./Lives.ts"
import { writeLive } from "./LiveWriter.ts"
import { keepPublications } from "./PublicationKeeper.ts"
import { publicationNames } from "./Publications.ts"
import type { SourceErrorReason } from "./SourceError.ts"
import { watchSource } from "./SourceWatch.ts"

export interface IngestorOptions extends CaptureOptions {
  /** Milliseconds between two looks at slot and clock of the source; 1000 if not given. */
  readonly statusEvery?: number
  /** Milliseconds between two looks for new tables and changed identities; 60,000 if not given. */
  readonly publicationsEvery?: number
  /** Milliseconds until a source that needed a person is looked at again; 5000 if not given. */
  readonly lookAgainEvery?: number
  /** Bytes that may wait for the live buffer; 32 MiB if not given. */
  readonly liveBytes?: number
}

/** What a person can ask of capture. */
export class Ingestor extends Context.Service<
  Ingestor,
  {
    /** Starts capture again after it stopped for a person. Does nothing while it runs. */
    readonly resume: Effect.Effect<void, SpawnError>
    /**
     * Lets capture go over the hole that it has stopped at, if it is this one; says whether it is. The next life of the
     * source begins, and the log keeps who accepted it, and why.
     */
    readonly acceptGap: (accepted: AcceptedGap) => Effect.Effect<boolean, SpawnError>
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
    case "SpillError":
    case "LogError":
      return error.fix
    case "SequenceError":
      return "nothing is lost, the slot keeps it; please report it with the server's version"
  }
}

/** Says how a life of capture ended. What passes by itself fails the actor, so that its supervisor tries again. */
const settle = Effect.fnUntraced(function* (
  error: CaptureError,
  last: { said: string | undefined },
  accepted: CaptureShared["accepted"]
) {
  const state = yield* IngestState
  const gap = error._tag === "SourceError" ? (error.gap ?? null) : null
  // Another hole than the accepted one: whoever accepted that did not know of this.
  if (gap !== null) accepted.current = null
  const { message } = error
  const code = codeOf(error)
  const fix = fixOf(error)
  const said = fix === null ? message : `${message}. What to do: ${fix}`
  // The same trouble is told once, however often it is met before capture runs again.
  const { _tag: was } = yield* SubscriptionRef.get(state.phase)
  const isNews = was !== "Attaching" || last.said !== said
  last.said = said
  if (error.isRetryable) {
    state.update((figures) => ({ reconnects: figures.reconnects + 1 }))
    if (isNews) yield* Effect.logWarning(`capture tries again: ${said}`)
    yield* SubscriptionRef.set(state.phase, { _tag: "Retrying", code, message, fix })
    return yield* error
  }
  if (isNews) yield* Effect.logError(`capture has stopped: ${said}`)
  yield* SubscriptionRef.set(state.phase, { _tag: "Stopped", code, message, fix, gap })
})

/** Reasons to stop that are mended elsewhere, without us: a look now and then finds it mended. */
const mendedElsewhere: ReadonlySet<string> = new Set([
  "NoDatabase",
  "Unsupported",
  "WalLevel",
  "NoReplicationRight",
  "NoSlotFree",
  "NoPlugin",
  "NoPublication",
  "SlotUnfit",
  // Drained by the ingestor that has it.
  "SpillMissing"
] satisfies ReadonlyArray<SourceErrorReason["_tag"]>)

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

  const last: { said: string | undefined } = { said: undefined }
  const accepted: CaptureShared["accepted"] = { current: null }
  const services = yield* Effect.context<Archive | IngestState>()
  const spawnCapture = supervisor
    .spawn({
      name: "capture",
      restart: "transient",
      tellsErrors: true,
      stopDeadline: "10 seconds",
      run: (context: ActorContext<never>) =>
        capture(options, { live, coverage, newShape: check, accepted }, context.stopping).pipe(
          Effect.andThen(SubscriptionRef.set(state.phase, { _tag: "Ended" })),
          Effect.catch((error) => settle(error, last, accepted))
        )
    })
    .pipe(Effect.provide(services))
  yield* spawnCapture
  const resume = spawnCapture.pipe(
    Effect.asVoid,
    Effect.catchTag("NameTaken", () => Effect.void)
  )
  yield* supervisor.spawn({
    name: "second-look",
    run: () =>
      Effect.sleep(options.lookAgainEvery ?? 5000).pipe(
        Effect.andThen(SubscriptionRef.get(state.phase)),
        Effect.flatMap((phase) =>
          phase._tag === "Stopped" && mendedElsewhere.has(phase.code) ? resume : Effect.void
        ),
        Effect.forever
      )
  })
  const acceptGap = Effect.fnUntraced(function* (gap: AcceptedGap) {
    const phase = yield* SubscriptionRef.get(state.phase)
    if (phase._tag !== "Stopped" || phase.gap?.id !== gap.gap) return false
    accepted.current = gap
    yield* resume
    return true
  })
  return Ingestor.of({
    resume,
    acceptGap,
    checkPublications: check
  })
})
