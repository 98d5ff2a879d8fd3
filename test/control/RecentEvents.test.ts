import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { RecentEvents } from "../../src/control/RecentEvents.ts"
import { SourceView } from "../../src/control/SourceView.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { makeCapture, memoryBuffer } from "./live/LiveScene.ts"
import { capturing } from "./SourceFixture.ts"

const transactions = 2_000

it.live("a search lets everything else have its turn, and another search wait", () => {
  const looks = { now: 0, most: 0 }
  /** Each look at the buffer begins a search. */
  const counted = Layer.effect(
    LiveBuffer,
    Effect.map(LiveBuffer, (buffer) => ({
      ...buffer,
      recent: (changes: number) =>
        Effect.tap(buffer.recent(changes), () =>
          Effect.sync(() => {
            looks.now += 1
            looks.most = Math.max(looks.most, looks.now)
          })
        )
    }))
  ).pipe(Layer.provide(memoryBuffer))
  return Effect.gen(function* () {
    yield* makeCapture(0).capture(transactions)
    const events = yield* RecentEvents
    let turns = 0
    const others = yield* Effect.forkChild(
      Effect.forever(
        Effect.andThen(
          Effect.sync(() => turns++),
          Effect.yieldNow
        )
      )
    )
    const over = Effect.sync(() => {
      looks.now -= 1
    })
    const search = Effect.ensuring(events.read({ text: "nowhere" }, 10), over)
    const found = yield* Effect.all([search, search, search], { concurrency: "unbounded" })
    yield* Fiber.interrupt(others)
    assert.deepStrictEqual(
      found.map(({ items, searched }) => [items.length, searched]),
      found.map(() => [0, transactions])
    )
    assert.isAbove(turns, 5)
    assert.strictEqual(looks.most, 1)
  }).pipe(
    Effect.provide(
      RecentEvents.layer.pipe(
        Layer.provideMerge(counted),
        Layer.provide(
          Layer.succeed(SourceView, { source: "shop", here: true, read: Effect.succeed(capturing) })
        )
      )
    )
  )
})
