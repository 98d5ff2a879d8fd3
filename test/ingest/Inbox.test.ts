import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Inbox } from "../../src/ingest/Inbox.ts"

const put = (inbox: Inbox<number, string>, item: number) => {
  inbox.items.push(item)
  inbox.added(10)
}

describe("Inbox", () => {
  it.effect("gives all of one read at once, then the failure", () =>
    Effect.gen(function* () {
      let emptied = 0
      const inbox = new Inbox<number, string>(() => {
        emptied++
      })
      const first = yield* Effect.forkChild(inbox.take, { startImmediately: true })
      for (const item of [1, 2, 3]) put(inbox, item)
      assert.deepStrictEqual(yield* Fiber.join(first), [1, 2, 3])
      put(inbox, 4)
      assert.strictEqual(inbox.bytes, 10)
      inbox.fail("broken")
      inbox.fail("again")
      assert.deepStrictEqual(yield* inbox.take, [4])
      assert.strictEqual(yield* Effect.flip(inbox.take), "broken")
      assert.strictEqual(emptied, 2)
    })
  )

  it.effect("loses nothing when its taker is interrupted", () =>
    Effect.gen(function* () {
      const inbox = new Inbox<number, string>(() => undefined)
      const taker = yield* Effect.forkChild(inbox.take, { startImmediately: true })
      yield* Fiber.interrupt(taker)
      put(inbox, 1)
      assert.deepStrictEqual(yield* inbox.take, [1])
    })
  )
})
