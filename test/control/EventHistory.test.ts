import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { volumeByTime } from "../../src/control/EventVolume.ts"
import { type TransactionPage, transactionPage } from "../../src/control/TransactionPage.ts"
import { Archive } from "../../src/log/Archive.ts"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { apiLayer, ask, chunk, incarnation, member, orders, tokenFor } from "./TestApi.ts"

/** A real archive with 100 transactions, ten microseconds apart; number 50 has 25 changes, in chunks of ten. */
const filled = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-history-"))),
    (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
  )
  const context = yield* Layer.build(
    SqliteArchive.layer({ file: join(directory, "archive.sqlite"), source: "shop" }).pipe(
      Layer.provide(ActorSystem.layer)
    )
  )
  const archive = yield* Effect.provide(Archive, context)
  yield* archive.recover
  yield* archive.beginIncarnation(incarnation)
  for (let seq = 1; seq <= 100; seq++) {
    const changes = Array.from({ length: seq === 50 ? 25 : 1 }, (_, i) => ({
      op: "insert" as const,
      relation: orders,
      after: [`${seq}-${i}`, "x"]
    }))
    const whole = chunk(seq, changes)
    const commit = { ...whole.commit, commitTime: seq * 10 }
    const parts = seq === 50 ? [0, 10, 20] : [0]
    yield* archive.append(
      parts.map((firstOrdinal) => ({
        ...whole,
        commit,
        firstOrdinal,
        changes: changes.slice(firstOrdinal, firstOrdinal + 10),
        last: firstOrdinal + 10 >= changes.length
      }))
    )
  }
  return context
})

describe("the history", () => {
  it.live("volumes add up, bucket by bucket, and tile", () =>
    Effect.gen(function* () {
      const context = yield* filled
      for (const [start, end, buckets] of [
        [0, 2000, 7],
        [10, 1010, 120],
        [505, 507, 1],
        [5000, 9000, 5],
        [0, 100_000, 60]
      ] as const) {
        const found = yield* Effect.provide(volumeByTime(start, end, buckets), context)
        assert.strictEqual(found.length, buckets)
        assert.strictEqual(found[0]?.start, start)
        assert.strictEqual(found.at(-1)?.end, end)
        for (const [i, bucket] of found.entries()) {
          if (i > 0) assert.strictEqual(bucket.start, found[i - 1]?.end)
          const within = Array.from({ length: 100 }, (_, n) => n + 1).filter(
            (seq) => seq * 10 >= bucket.start && seq * 10 < bucket.end
          )
          assert.strictEqual(bucket.transactions, within.length)
          assert.strictEqual(bucket.changes, within.length + (within.includes(50) ? 24 : 0))
        }
      }
    }).pipe(Effect.scoped)
  )

  it.live("a transaction comes in pages of any size, each change once", () =>
    Effect.gen(function* () {
      const context = yield* filled
      for (const limit of [1, 7, 10, 24, 25, 1000]) {
        const ordinals: Array<number> = []
        for (let from: number | null = 0; from !== null; ) {
          const page: TransactionPage = yield* Effect.flatMap(
            Effect.provide(transactionPage("shop", 50, from, limit), context),
            Effect.fromOption
          )
          assert.isAtMost(page.items.length, limit)
          assert.strictEqual(page.commit.count, 25)
          ordinals.push(...page.items.map(({ ordinal }) => ordinal))
          from = page.next
        }
        assert.deepStrictEqual(
          ordinals,
          Array.from({ length: 25 }, (_, i) => i)
        )
      }
      for (const seq of [0, 101]) {
        const none = yield* Effect.provide(transactionPage("shop", seq, 0, 10), context)
        assert.strictEqual(none._tag, "None")
      }
    }).pipe(Effect.scoped)
  )
})

layer(apiLayer("event_history"), { timeout: "60 seconds", excludeTestServices: true })("events", (it) => {
  it.effect("one change, and all of its commit", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const get = (path: string) => ask(`/api/v1/events/${path}`, { token })
      const event = yield* get("0000000000000200-0000000001")
      assert.include(event.json, { operation: "delete", seq: 2, ordinal: 1, tx_count: 2 })
      const first = yield* get("transactions/2?limit=1")
      assert.include(first.json, { seq: 2, xid: 702, tx_count: 2, commit_lsn: "0/200" })
      const cursor = String(member(first.json, "next_cursor"))
      const second = yield* get(`transactions/2?limit=1&cursor=${cursor}`)
      assert.include(second.text, '"ordinal":1')
      assert.isNull(member(second.json, "next_cursor"))
      const again = yield* get("transactions/2?limit=1&from=1")
      assert.deepStrictEqual(again.json, second.json)
      assert.strictEqual((yield* get(`transactions/3?cursor=${cursor}`)).status, 400)
      assert.strictEqual((yield* get("transactions/x")).status, 400)
    })
  )
})
