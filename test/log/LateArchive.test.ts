import { assert, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Coverage } from "../../src/domain/Log.ts"
import { Archive } from "../../src/log/Archive.ts"
import { KafkaGauges } from "../../src/log/kafka/KafkaGauges.ts"
import { lateArchive } from "../../src/log/LateArchive.ts"
import { LogError } from "../../src/log/LogError.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

const coverage: Coverage = { firstSeq: 1, nextSeq: 8, fromTime: 1, toTime: 2, toLsn: 3n }

const away = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "nobody answers" } })
const wrong = new LogError({ store: "test", reason: { _tag: "Corrupt", detail: "none of ours" } })

/** Fails with each of these in turn, then is there. Counts what its failed tries left open. */
const failing = (errors: ReadonlyArray<LogError>) => {
  let tries = 0
  let open = 0
  const layer = Layer.effect(
    Archive,
    Effect.gen(function* () {
      yield* Effect.acquireRelease(
        Effect.sync(() => open++),
        () => Effect.sync(() => open--)
      )
      const error = errors[tries++]
      if (error !== undefined) return yield* error
      return Context.get(
        yield* Layer.build(
          Layer.mock(Archive, {
            kind: "kafka",
            coverage: Effect.succeed(coverage),
            coverageChanges: Stream.succeed(coverage)
          })
        ),
        Archive
      )
    })
  )
  return { layer: lateArchive("kafka", layer).pipe(Layer.provide(ActorSystem.layer)), open: () => open }
}

it.effect("a server that comes later: calls fail until it is there, then all goes on", () =>
  Effect.gen(function* () {
    const { layer, open } = failing([away, away, away])
    const archive = Context.get(yield* Layer.build(layer), Archive)
    assert.strictEqual((yield* Effect.flip(archive.coverage)).reason._tag, "Unavailable")
    assert.isTrue((yield* Effect.flip(Stream.runHead(archive.read({ seq: 1, ordinal: 0 }, 2)))).isRetryable)
    const changed = yield* Effect.forkChild(Stream.runHead(archive.coverageChanges))
    yield* TestClock.adjust("1 minute")
    assert.deepStrictEqual(yield* archive.coverage, coverage)
    assert.strictEqual((yield* Fiber.join(changed))._tag, "Some")
    assert.strictEqual(open(), 1)
  }).pipe(Effect.scoped)
)

it.effect(
  "a server that takes its time: the service is there after ten seconds, the archive once it has opened",
  () =>
    Effect.gen(function* () {
      const opened = Layer.mock(Archive, {
        kind: "kafka",
        coverage: Effect.succeed(coverage),
        reach: Effect.void
      })
      const slow = Layer.unwrap(Effect.as(Effect.sleep("1 minute"), opened))
      const layer = lateArchive("kafka", slow).pipe(Layer.provide(ActorSystem.layer))
      const building = yield* Effect.forkChild(Layer.build(layer))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(building.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const archive = Context.get(yield* Fiber.join(building), Archive)
      const error = yield* Effect.flip(archive.reach)
      assert.include(error.message, "it has not opened within 10 seconds")
      yield* TestClock.adjust("2 minutes")
      yield* archive.reach
      assert.deepStrictEqual(yield* archive.coverage, coverage)
    }).pipe(Effect.scoped)
)

it.effect("what does not pass by itself is the layer's failure", () =>
  Effect.gen(function* () {
    const failure = yield* Effect.flip(Layer.build(failing([wrong]).layer))
    assert.strictEqual(failure.reason._tag, "Corrupt")
  }).pipe(Effect.scoped)
)

it.effect("what shows later is what every call says, until a try goes well", () =>
  Effect.gen(function* () {
    const { layer } = failing([away, wrong, wrong])
    const archive = Context.get(yield* Layer.build(layer), Archive)
    yield* TestClock.adjust("400 millis")
    assert.strictEqual((yield* Effect.flip(archive.incarnations)).reason._tag, "Corrupt")
    yield* TestClock.adjust("1 minute")
    assert.deepStrictEqual(yield* archive.coverage, coverage)
  }).pipe(Effect.scoped)
)

it.effect("until it is there it has taken nothing, since it is looked for", () =>
  Effect.gen(function* () {
    const { layer } = failing([away, away])
    const gauges = Context.get(yield* Layer.build(layer), KafkaGauges)
    assert.deepInclude(gauges.read(), { published: 0, waitsSince: 0 })
    yield* TestClock.adjust("1 minute")
    assert.isNull(gauges.read())
  }).pipe(Effect.scoped)
)
