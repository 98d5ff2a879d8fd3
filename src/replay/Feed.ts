import { Effect, Schedule, Stream } from "effect"
import type { JobPlan, JobSpec } from "../domain/Job.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import { Archive } from "../log/Archive.ts"
import { LiveBuffer } from "../log/LiveBuffer.ts"
import { LogError } from "../log/LogError.ts"
import { Wakeup } from "../log/Wakeup.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import type { Backlog } from "./Backlog.ts"
import { monotonicMillis } from "./ReplayClock.ts"
import type { Route } from "./Router.ts"
import { SourceLost } from "./Verdict.ts"
import { awaitEnd, type LsnUnknown, resolveEnd } from "./WindowResolver.ts"

/** What a feed tells whoever runs it. */
export interface FeedListener<E, R> {
  /** New pieces may be in the backlog. */
  readonly onData: () => void
  /** The store does not answer; it is tried again. `now` in monotonic milliseconds. */
  readonly onRetry: (error: LogError, now: number) => void
  /** What is read is of another life of the source than what was read before, none of which is in the backlog yet. */
  readonly onLife: Effect.Effect<void, E, R>
  /** The end of a window that lay ahead is known now. */
  readonly onEnd: (end: number) => Effect.Effect<void, E, R>
  /** The live buffer failed; the archive goes on. */
  readonly onFallback: (route: Route) => Effect.Effect<void, E, R>
}

/** How a stretch of reading ended. */
type Leg = { readonly _tag: "Exhausted" } | { readonly _tag: "End"; readonly end: number }

const words = (error: LogError): string =>
  error.reason._tag === "Missing" ? "lost the window" : `failed (${error.message})`

/**
 * Reads a plan's window into a backlog, as fast as that has room, and ends when all of it is there. Goes on behind
 * what the backlog has, whatever happens on the way: a store that does not answer, a live buffer that lost its
 * coverage, an end that becomes known.
 */
export class Feed {
  /** Notified by the one who takes out of the backlog. */
  readonly room = new Wakeup()
  readonly #backlog: Backlog

  constructor(backlog: Backlog) {
    this.#backlog = backlog
  }

  run<E, R>(
    spec: JobSpec,
    plan: JobPlan,
    listener: FeedListener<E, R>
  ): Effect.Effect<void, LogError | LsnUnknown | SourceLost | E, R | Archive | LiveBuffer> {
    const backlog = this.#backlog
    const leg = this.#leg.bind(this)
    return Effect.gen(function* () {
      const archive = yield* Archive
      const buffer = yield* LiveBuffer
      let { end } = plan.range
      // An open window is the archive's, which alone knows its end: so what fails here is the buffer itself.
      let isBuffered = plan.store === buffer.kind && plan.store !== archive.kind && end !== null
      const fallBack = (detail: string, fix: string | null) =>
        spec.strictSource
          ? Effect.fail(new SourceLost({ detail, fix }))
          : listener.onFallback({ store: archive.kind, reason: `archive: ${detail}` })
      if (end !== null && backlog.next.seq >= end) return
      if (!isBuffered && plan.store !== archive.kind) {
        yield* fallBack(`the store that was chosen (${plan.store}) is not read by this worker`, null)
      }
      while (end === null || backlog.next.seq < end) {
        const source = isBuffered ? buffer : archive
        const reading = leg(spec, source, end, listener, isBuffered && !spec.strictSource)
        const ending =
          end !== null
            ? Effect.never
            : Effect.map(awaitEnd(spec), (known): Leg => ({ _tag: "End", end: known }))
        const done = yield* Effect.raceFirst(reading, ending).pipe(
          Effect.catchIf(
            (error): error is LogError => isBuffered && error instanceof LogError,
            (error) => Effect.succeed(error)
          )
        )
        if (done._tag === "End") {
          end = done.end
          yield* listener.onEnd(end)
          continue
        }
        if (done._tag === "Exhausted" && end !== null && backlog.reached(end)) return
        const { seq } = backlog.next
        const until = end ?? seq + 1
        const error =
          done._tag === "LogError"
            ? done
            : new LogError({ store: source.kind, reason: { _tag: "Missing", from: seq, until } })
        if (!isBuffered) return yield* error
        isBuffered = false
        yield* fallBack(`the live buffer (${buffer.kind}) ${words(error)} at transaction ${seq}`, error.fix)
      }
    })
  }

  /** Reads one store until its stream ends, or the end of a window that lay ahead is known. */
  #leg<E, R>(
    spec: JobSpec,
    source: Pick<Archive["Service"], "kind" | "read">,
    end: number | null,
    listener: Pick<FeedListener<E, R>, "onData" | "onRetry" | "onLife">,
    failsAtOnce: boolean
  ): Effect.Effect<Leg, LogError | LsnUnknown | E, R | Archive> {
    const backlog = this.#backlog
    const room = this.room
    return Effect.gen(function* () {
      let found: number | null = null
      let life = 0
      const take = Effect.fnUntraced(function* (page: ReadonlyArray<ArchivedChunk>) {
        const now = yield* monotonicMillis
        // Asked behind each page: as long as the end lies ahead, all that is visible lies before it.
        if (end === null) found = yield* resolveEnd(spec)
        const until = end ?? found ?? Number.POSITIVE_INFINITY
        for (const chunk of page) {
          if (chunk.seq >= until) break
          if (chunk.incarnation !== life) yield* listener.onLife
          life = chunk.incarnation
          if (!backlog.push(chunk, now)) {
            const from = backlog.next.seq
            const reason = { _tag: "Missing", from, until: Math.max(chunk.seq, from + 1) } as const
            return yield* new LogError({ store: source.kind, reason })
          }
        }
        listener.onData()
        while (backlog.isFull) {
          const next = room.next
          if (backlog.isFull) yield* next
        }
        return found === null
      })
      // A stream is retried whole, so it is made anew from where the backlog is; its backoff restarts once data come.
      yield* Stream.suspend(() => source.read(backlog.next, end, backlog.hints)).pipe(
        Stream.tapError((error) =>
          Effect.map(monotonicMillis, (now) => {
            if (error.isRetryable) listener.onRetry(error, now)
          })
        ),
        Stream.retry(
          reconnect.pipe(
            Schedule.setInputType<LogError>(),
            Schedule.while(({ input }) => input.isRetryable && !failsAtOnce)
          )
        ),
        Stream.runForEachWhile(take)
      )
      return found === null ? { _tag: "Exhausted" } : { _tag: "End", end: found }
    })
  }
}
