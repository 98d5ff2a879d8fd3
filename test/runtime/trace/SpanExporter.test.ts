import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Redacted } from "effect"
import { ActorSystem } from "../../../src/runtime/ActorSystem.ts"
import { spanExporter } from "../../../src/runtime/trace/SpanExporter.ts"
import { traceIdOf } from "../../../src/runtime/trace/TraceIds.ts"
import { type Span, Tracing } from "../../../src/runtime/trace/Tracing.ts"
import { until } from "../../faults/Scene.ts"
import { makeTestCollector } from "../../servers/TestCollector.ts"

const span = (number: number): Span => ({
  traceId: traceIdOf(String(number)),
  spanId: "b7ad6b7169203331",
  parentId: null,
  name: "of this test",
  kind: "internal",
  begun: 1_767_323_045_000.25,
  ended: 1_767_323_045_001.5,
  attributes: { number, text: "a word", fraction: 0.5 },
  failed: number === 2 ? "Rejected" : null
})

const lines: Array<string> = []
const capture = Logger.make<unknown, void>(({ message, logLevel }) => {
  lines.push(`${logLevel} ${JSON.stringify(message)}`)
})

const traced = Effect.gen(function* () {
  const collector = yield* makeTestCollector
  const built = yield* Layer.build(
    spanExporter({
      endpoint: collector.endpoint,
      headers: { authorization: Redacted.make("Bearer secret") },
      ratio: 0.25,
      resource: { "service.name": "walstream-test" }
    }).pipe(Layer.provide(ActorSystem.layer))
  )
  const tracer = Context.get(built, Tracing)
  if (tracer === null) return yield* Effect.die(new Error("nothing is traced"))
  return { collector, tracer }
})

it.live("spans reach the collector as they were recorded, with its headers", () =>
  Effect.gen(function* () {
    const { collector, tracer } = yield* traced
    assert.strictEqual(tracer.ratio, 0.25)
    for (const number of [1, 2]) tracer.record(span(number))
    yield* until(
      "both are there",
      Effect.sync(() => collector.spans().length === 2),
      10
    )
    const [first, second] = collector.spans()
    assert.deepStrictEqual(first, {
      service: "walstream-test",
      traceId: traceIdOf("1"),
      spanId: "b7ad6b7169203331",
      parentId: undefined,
      name: "of this test",
      begun: 1_767_323_045_000_250_000n,
      ended: 1_767_323_045_001_500_000n,
      attributes: { number: "1", text: "a word", fraction: "0.5" },
      failed: undefined
    })
    assert.strictEqual(second?.failed, "Rejected")
    assert.strictEqual(collector.received()[0]?.authorization, "Bearer secret")
  }).pipe(Effect.scoped)
)

it.live("the last ones are sent when the process stops", () =>
  Effect.gen(function* () {
    const collector = yield* Effect.scoped(
      Effect.gen(function* () {
        const { collector, tracer } = yield* traced
        tracer.record(span(1))
        return collector
      })
    )
    assert.strictEqual(collector.spans().length, 1)
  })
)

it.live(
  "a collector that is away holds nobody up: spans are lost, which is told once, until it is back",
  () =>
    Effect.gen(function* () {
      const { collector, tracer } = yield* traced
      lines.length = 0
      collector.behave("refuses")
      const one = span(1)
      for (let number = 0; number < 50_000; number++) tracer.record(one)
      yield* until(
        "it is told",
        Effect.sync(() => lines.length > 0),
        10
      )
      yield* until(
        "it was tried several times",
        Effect.sync(() => collector.asked() > 2),
        10
      )
      assert.deepStrictEqual(lines, [
        'Warn ["traces are lost while their collector is away",{"detail":"it answers 503"}]'
      ])
      collector.behave("takes")
      yield* until(
        "it goes on",
        Effect.sync(() => lines.length === 2),
        10
      )
      assert.match(lines[1] ?? "", /^Info \["traces are sent again",\{"lost":4[0-9]{4}\}\]$/u)
      // What waited meanwhile was bounded.
      assert.isBelow(collector.spans().length, 8193)
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([capture])))
)

it.live("a collector that says nothing holds up no stop", () =>
  Effect.gen(function* () {
    const begun = performance.now()
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { collector, tracer } = yield* traced
        collector.behave("hangs")
        tracer.record(span(1))
        yield* until(
          "it was asked",
          Effect.sync(() => collector.asked() > 0),
          10
        )
      })
    )
    assert.isBelow(performance.now() - begun, 8000)
  })
)
