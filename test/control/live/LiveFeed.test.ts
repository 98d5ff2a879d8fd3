import { assert, it } from "@effect/vitest"
import { Effect, Layer, Stream } from "effect"
import type { EventSubscription } from "../../../src/control/live/EventSubscription.ts"
import { LiveFeed } from "../../../src/control/live/LiveFeed.ts"
import { SourceView } from "../../../src/control/SourceView.ts"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { LogError } from "../../../src/log/LogError.ts"
import { Wakeup } from "../../../src/log/Wakeup.ts"
import { ActorSystem } from "../../../src/runtime/ActorSystem.ts"
import { capturing } from "../SourceFixture.ts"
import { makeCapture, memoryBuffer } from "./LiveScene.ts"

const away = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "away" } })

/** A buffer in memory that stops answering when it is told to; whoever reads it then is cut off. */
const makeFaulty = () => {
  const fault = { is: false, reads: 0, changed: new Wakeup() }
  const orAway = <A>(effect: Effect.Effect<A, LogError>) =>
    Effect.suspend(() => (fault.is ? Effect.fail(away) : effect))
  const cut: Effect.Effect<never, LogError> = Effect.suspend(() => {
    const { next } = fault.changed
    return fault.is ? Effect.fail(away) : Effect.andThen(next, cut)
  })
  const layer = Layer.effect(
    LiveBuffer,
    Effect.map(LiveBuffer, (buffer) => ({
      ...buffer,
      coverage: orAway(buffer.coverage),
      read: (...range: Parameters<typeof buffer.read>) => {
        fault.reads += 1
        return Stream.interruptWhen(buffer.read(...range), cut)
      }
    }))
  ).pipe(Layer.provide(memoryBuffer))
  const set = (is: boolean) =>
    Effect.sync(() => {
      fault.is = is
      fault.changed.notify()
    })
  return { fault, set, layer }
}

const feedOn = (buffer: Layer.Layer<LiveBuffer>) =>
  LiveFeed.layer.pipe(
    Layer.provideMerge(buffer),
    Layer.provide(ActorSystem.layer),
    Layer.provide(Layer.succeed(SourceView, { source: "shop", here: true, read: Effect.succeed(capturing) }))
  )

/** Subscribes; gives a way to wait for so many events and notices. */
const watch = Effect.fnUntraced(function* (from: { seq: number; ordinal: number } | null = null) {
  const bell = new Wakeup()
  const heard: Array<number | string> = []
  const feed = yield* LiveFeed
  const subscription: EventSubscription = yield* feed.subscribe({
    filter: {},
    from,
    wake: () => bell.notify()
  })
  const take = () => {
    for (let taken = subscription.take(); taken !== undefined; taken = subscription.take()) {
      if (taken._tag === "Notice") heard.push(taken.notice.code)
      else for (const batch of taken.batches) heard.push(...batch.events.map(({ at }) => at.seq))
    }
  }
  const until = (count: number) =>
    Effect.gen(function* () {
      for (;;) {
        const { next } = bell
        take()
        if (heard.length >= count) return heard
        yield* next
      }
    }).pipe(Effect.timeout("10 seconds"))
  return { until }
})

it.live("says that the live buffer is away and that it is back, and loses nothing that is still held", () => {
  const { set, layer } = makeFaulty()
  return Effect.gen(function* () {
    const { capture } = makeCapture(0)
    yield* capture(1)
    const one = yield* watch()
    yield* capture(1)
    assert.deepStrictEqual(yield* one.until(1), [2])
    yield* set(true)
    assert.deepStrictEqual(yield* one.until(2), [2, "away"])
    yield* capture(3)
    const late = yield* watch()
    yield* set(false)
    assert.deepStrictEqual(yield* one.until(6), [2, "away", "back", 3, 4, 5])
    assert.deepStrictEqual(
      (yield* late.until(4)).filter((each) => typeof each === "number"),
      [3, 4, 5]
    )
  }).pipe(Effect.scoped, Effect.provide(feedOn(layer)))
})

it.live("nobody who watches means nobody who reads; who comes later is given what comes then", () => {
  const { fault, layer } = makeFaulty()
  return Effect.gen(function* () {
    const { capture } = makeCapture(0)
    yield* capture(3)
    assert.strictEqual(fault.reads, 0)
    const seen = yield* Effect.scoped(
      Effect.gen(function* () {
        const one = yield* watch()
        yield* capture(1)
        return yield* one.until(1)
      })
    )
    assert.deepStrictEqual(seen, [4])
    assert.strictEqual(fault.reads, 1)
    const again = yield* watch()
    yield* capture(1)
    assert.deepStrictEqual(yield* again.until(1), [5])
    assert.strictEqual(fault.reads, 2)
  }).pipe(Effect.scoped, Effect.provide(feedOn(layer)))
})

it.live("the past and the present join without a gap and without a repeat, whenever one comes", () =>
  Effect.gen(function* () {
    const { state, capture } = makeCapture(0)
    yield* capture(2000)
    const all = yield* Effect.forEach(
      Array.from({ length: 40 }, (_, i) => i * 50 + 1),
      (from) => Effect.andThen(capture(20), watch({ seq: from, ordinal: 0 })),
      { concurrency: 4 }
    )
    for (let i = 0; i < 20; i++) yield* Effect.andThen(capture(10), Effect.yieldNow)
    for (const [i, { until }] of all.entries()) {
      const from = i * 50 + 1
      const expected = Array.from({ length: state.seq - from + 1 }, (_, n) => from + n)
      assert.deepStrictEqual(yield* until(expected.length), expected)
    }
  }).pipe(Effect.scoped, Effect.provide(feedOn(memoryBuffer)))
)
