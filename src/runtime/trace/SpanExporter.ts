import { Effect, Layer, Redacted, Schedule, Schema } from "effect"
import type { ActorSystem } from "../ActorSystem.ts"
import { spawnKept } from "../KeptActor.ts"
import { otlpJson } from "./OtlpJson.ts"
import { type Span, Tracing } from "./Tracing.ts"

export interface SpanExporterOptions {
  /** Of the collector, such as `http://collector:4318`. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
  readonly ratio: number
  /** What the process is, such as `service.name`. */
  readonly resource: Readonly<Record<string, string | number>>
}

/** What waits is lost beyond so many: some megabytes. */
const mostWaiting = 8192
const batchSize = 512
const everyMillis = 1000
const answerWithin = "5 seconds"
const lastAnswerWithin = "1 second"

class ExportFailed extends Schema.TaggedError<ExportFailed>()("ExportFailed", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

const reasonOf = (thrown: unknown): string => {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
  return cause instanceof Error && "code" in cause ? String(cause.code) : "no connection"
}

const post = ({ endpoint, headers, resource }: SpanExporterOptions, spans: ReadonlyArray<Span>) =>
  Effect.tryPromise({
    try: async (signal) => {
      const answer = await fetch(`${endpoint.replace(/\/$/u, "")}/v1/traces`, {
        method: "POST",
        signal,
        redirect: "error",
        headers: {
          ...Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name, Redacted.value(value)])
          ),
          "content-type": "application/json"
        },
        body: otlpJson(resource, spans)
      })
      await answer.body?.cancel()
      return answer
    },
    catch: (thrown) => new ExportFailed({ detail: reasonOf(thrown) })
  }).pipe(
    Effect.filterOrFail(
      ({ ok }) => ok,
      ({ status }) => new ExportFailed({ detail: `it answers ${status}` })
    ),
    Effect.timeoutOrElse({
      duration: answerWithin,
      orElse: () => Effect.fail(new ExportFailed({ detail: `no answer within ${answerWithin}` }))
    })
  )

/**
 * Sends spans to a collector, by OTLP over HTTP, once a second. Whoever records one never waits: while the collector is
 * away, or behind, spans are dropped, which is told once each time.
 */
export const spanExporter = (options: SpanExporterOptions): Layer.Layer<never, never, ActorSystem> =>
  Layer.effect(
    Tracing,
    Effect.gen(function* () {
      let waiting: Array<Span> = []
      let dropped = 0
      let isAway = false

      const send = Effect.gen(function* () {
        while (waiting.length > 0) {
          const spans = waiting.slice(0, batchSize)
          waiting = waiting.slice(batchSize)
          yield* Effect.tapError(post(options, spans), () => Effect.sync(() => (dropped += spans.length)))
        }
        if (!isAway) return
        isAway = false
        const lost = dropped
        dropped = 0
        yield* Effect.logInfo("traces are sent again", { lost })
      }).pipe(
        Effect.catch((error) => {
          const isNews = !isAway
          isAway = true
          return isNews
            ? Effect.logWarning("traces are lost while their collector is away", { detail: error.message })
            : Effect.void
        })
      )

      // Runs when the actor has stopped.
      yield* Effect.addFinalizer(() =>
        isAway ? Effect.void : Effect.ignore(Effect.timeout(Effect.interruptible(send), lastAnswerWithin))
      )
      yield* spawnKept({
        group: "traces",
        name: "exporter",
        run: Effect.repeat(send, Schedule.spaced(everyMillis))
      })
      return {
        ratio: options.ratio,
        record: (span) => {
          if (waiting.length < mostWaiting) waiting.push(span)
          else dropped += 1
        }
      }
    })
  )
