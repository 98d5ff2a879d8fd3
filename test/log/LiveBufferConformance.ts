import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, type Layer, type Scope, Stream } from "effect"
import type { Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import type { LogError, LogErrorReason } from "../../src/log/LogError.ts"
import { RandomLog, recut } from "./RandomLog.ts"
import { assertSameLog, countChanges } from "./ReadLog.ts"

type Buffer = LiveBuffer["Service"]

export interface BufferLimits {
  readonly maxChanges: number
  readonly maxBytes: number
}

const roomy: BufferLimits = { maxChanges: 100_000, maxBytes: 100_000_000 }
const tight: BufferLimits = { maxChanges: 2_000, maxBytes: 100_000_000 }

/** What every live buffer must do. `fresh` makes an empty one each time. */
export const liveBufferConformance = (
  name: string,
  fresh: (limits: BufferLimits) => Layer.Layer<LiveBuffer, LogError>
): void => {
  const test = (
    title: string,
    limits: BufferLimits,
    use: (buffer: Buffer, log: RandomLog) => Effect.Effect<unknown, unknown, Scope.Scope>
  ) => {
    it.effect(title, () =>
      LiveBuffer.use((buffer) => use(buffer, new RandomLog({ seed: 21 }))).pipe(Effect.provide(fresh(limits)))
    )
  }
  const readRange = (buffer: Buffer, from: Position, end: number) =>
    buffer.read(from, end).pipe(
      Stream.runCollect,
      Effect.map((pages): ReadonlyArray<ArchivedChunk> => pages.flat())
    )
  const failure = (tag: LogErrorReason["_tag"], effect: Effect.Effect<unknown, LogError>) =>
    Effect.map(Effect.flip(effect), ({ reason }) => {
      assert.strictEqual(reason._tag, tag)
      return reason
    })
  const start = { seq: 1, ordinal: 0 }

  describe(name, () => {
    test("starts empty", roomy, (buffer) =>
      Effect.gen(function* () {
        const { firstSeq, nextSeq, fromTime } = yield* buffer.coverage
        assert.strictEqual(firstSeq, nextSeq)
        assert.isNull(fromTime)
        assert.deepStrictEqual(yield* buffer.recent(10), [])
        assert.deepStrictEqual(yield* buffer.stats, { changes: 0, bytes: 0, maxChanges: roomy.maxChanges })
      })
    )

    test("holds what was appended, once, however often and wherever cut", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const chunks = [
          ...log.transactions(40).flat(),
          ...log.transaction(1500),
          ...log.transactions(9).flat()
        ]
        for (let i = 0; i < chunks.length; i += 5) {
          yield* buffer.append(recut(log.dice, chunks.slice(Math.max(0, i - 7), i + 5)))
        }
        const times = chunks.map((chunk) => chunk.commit.commitTime)
        assert.deepStrictEqual(yield* buffer.coverage, {
          firstSeq: 1,
          nextSeq: 51,
          fromTime: times[0] ?? null,
          toTime: Math.max(...times),
          toLsn: null
        })
        assertSameLog(yield* readRange(buffer, start, 51), chunks)
        assertSameLog(
          yield* readRange(buffer, { seq: 20, ordinal: 0 }, 30),
          chunks.filter(({ seq }) => seq >= 20 && seq < 30)
        )
        assert.strictEqual((yield* buffer.stats).changes, countChanges(chunks))
      })
    )

    test("begins within a transaction", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const [large, small] = [log.transaction(1000), log.transaction(3)]
        yield* buffer.append([...large, ...small])
        for (const ordinal of [0, 1, 444, 999, 1000]) {
          const given = yield* readRange(buffer, { seq: 1, ordinal }, 3)
          const ofLarge = given.filter(({ seq }) => seq === 1)
          assert.strictEqual(countChanges(ofLarge), 1000 - ordinal)
          assert.strictEqual(ofLarge[0]?.firstOrdinal ?? 1000, ordinal)
          assertSameLog(given.slice(ofLarge.length), small)
        }
      })
    )

    test("shows a transaction when its last chunk is in", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const [before, large] = [log.transaction(2), log.transaction(2000)]
        yield* buffer.append([...before, ...large.slice(0, -1)])
        assert.strictEqual((yield* buffer.coverage).nextSeq, 2)
        assert.strictEqual((yield* buffer.coverage).toTime, before[0]?.commit.commitTime)
        assertSameLog((yield* buffer.recent(100)).toReversed(), before)
        yield* buffer.append(large.slice(-1))
        assert.strictEqual((yield* buffer.coverage).nextSeq, 3)
        assertSameLog(yield* readRange(buffer, start, 3), [...before, ...large])
      })
    )

    test("never holds more than its bound, drops the oldest first and whole", tight, (buffer, log) =>
      Effect.gen(function* () {
        const transactions = Array.from({ length: 150 }, () => log.transaction(1 + log.dice.below(300)))
        for (const [i, transaction] of transactions.entries()) {
          for (const chunk of transaction) {
            yield* buffer.append([chunk])
            assert.isAtMost((yield* buffer.stats).changes, tight.maxChanges)
          }
          const { firstSeq, nextSeq, fromTime } = yield* buffer.coverage
          assert.strictEqual(nextSeq, i + 2)
          assert.strictEqual(fromTime, transactions[firstSeq - 1]?.[0]?.commit.commitTime)
          const held = transactions.slice(firstSeq - 1, i + 1).flat()
          // It is there to hold something: half of the bound at least, as long as there was so much.
          assert.isTrue(firstSeq === 1 || countChanges(held) >= tight.maxChanges / 2, `at ${i}`)
        }
        const { firstSeq } = yield* buffer.coverage
        assert.isAbove(firstSeq, 1)
        assertSameLog(
          yield* readRange(buffer, { seq: firstSeq, ordinal: 0 }, 151),
          transactions.slice(firstSeq - 1).flat()
        )
        const reason = yield* failure("Missing", readRange(buffer, { seq: firstSeq - 1, ordinal: 0 }, 151))
        assert.deepStrictEqual(reason, { _tag: "Missing", from: firstSeq - 1, until: firstSeq })
      })
    )

    test("is bounded in bytes", { maxChanges: 100_000, maxBytes: 60_000 }, (buffer, log) =>
      Effect.gen(function* () {
        for (let i = 0; i < 60; i++) {
          yield* buffer.append(log.transaction(50))
          assert.isAtMost((yield* buffer.stats).bytes, 60_000)
        }
        const { firstSeq, nextSeq } = yield* buffer.coverage
        assert.isAbove(firstSeq, 1)
        assert.isBelow(firstSeq, nextSeq)
      })
    )

    test("a hole begins a new coverage, and nobody reads across", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const transactions = log.transactions(20)
        yield* buffer.append(transactions.slice(0, 8).flat())
        const reader = yield* readRange(buffer, { seq: 5, ordinal: 0 }, 15).pipe(
          Effect.flip,
          Effect.forkChild
        )
        yield* buffer.append(transactions.slice(10, 20).flat())
        const { firstSeq, nextSeq, fromTime } = yield* buffer.coverage
        assert.deepStrictEqual([firstSeq, nextSeq], [11, 21])
        assert.strictEqual(fromTime, transactions[10]?.[0]?.commit.commitTime)
        assert.strictEqual((yield* Fiber.join(reader)).reason._tag, "Missing")
        yield* failure("Missing", readRange(buffer, start, 9))
        assertSameLog(yield* readRange(buffer, { seq: 11, ordinal: 0 }, 21), transactions.slice(10).flat())
      })
    )

    test("a transaction without its beginning is a hole too", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const large = log.transaction(1500)
        const after = log.transactions(3)
        yield* buffer.append(large.slice(1))
        const { firstSeq, nextSeq } = yield* buffer.coverage
        assert.strictEqual(firstSeq, nextSeq)
        yield* buffer.append(after.flat())
        const coverage = yield* buffer.coverage
        assert.deepStrictEqual([coverage.firstSeq, coverage.nextSeq], [2, 5])
        assertSameLog(yield* readRange(buffer, { seq: 2, ordinal: 0 }, 5), after.flat())
      })
    )

    test("leaves out a transaction larger than itself, and goes on after it", tight, (buffer, log) =>
      Effect.gen(function* () {
        const before = log.transactions(5).flat()
        const huge = log.transaction(tight.maxChanges + 1)
        const after = log.transactions(5).flat()
        yield* buffer.append(before)
        for (const chunk of huge) {
          yield* buffer.append([chunk])
          assert.isAtMost((yield* buffer.stats).changes, tight.maxChanges)
        }
        yield* buffer.append(after)
        const { firstSeq, nextSeq } = yield* buffer.coverage
        assert.deepStrictEqual([firstSeq, nextSeq], [7, 12])
        assertSameLog(yield* readRange(buffer, { seq: 7, ordinal: 0 }, 12), after)
        yield* failure("Missing", readRange(buffer, { seq: 5, ordinal: 0 }, 8))
      })
    )

    test("gives the newest first, until there are enough", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const chunks = log.transactions(60).flat()
        yield* buffer.append([...chunks, ...log.transaction(2000).slice(0, -1)])
        const recent = yield* buffer.recent(100)
        assert.isAtLeast(countChanges(recent), 100)
        assert.isBelow(countChanges(recent.slice(0, -1)), 100)
        const given = recent.toReversed()
        assertSameLog(given, (yield* readRange(buffer, start, 61)).slice(-given.length))
        assertSameLog((yield* buffer.recent(1_000_000)).toReversed(), chunks)
      })
    )

    test("follows, and a range that is not there yet ends when it is", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const chunks = [...log.transactions(20).flat(), ...log.transaction(900)]
        const given: Array<ArchivedChunk> = []
        const seen = yield* Deferred.make<void>()
        const follower = yield* buffer.read({ seq: 1, ordinal: 1 }, null).pipe(
          Stream.runForEach((page) => {
            given.push(...page)
            return given.at(-1)?.seq === 21 && given.at(-1)?.last
              ? Deferred.succeed(seen, undefined)
              : Effect.void
          }),
          Effect.forkChild
        )
        const closed = yield* readRange(buffer, start, 10).pipe(Effect.forkChild)
        for (let i = 0; i < chunks.length; i += 4) yield* buffer.append(chunks.slice(i, i + 4))
        yield* Deferred.await(seen)
        yield* Fiber.interrupt(follower)
        assert.strictEqual(countChanges(given), countChanges(chunks) - 1)
        assertSameLog(
          yield* Fiber.join(closed),
          chunks.filter(({ seq }) => seq < 10)
        )
      })
    )

    test("is complete up to where the source is, though nothing comes", roomy, (buffer, log) =>
      Effect.gen(function* () {
        const transaction = log.transaction(3)
        const time = (transaction[0]?.commit.commitTime ?? 0) + 5_000_000
        yield* buffer.append(transaction)
        yield* buffer.advance(time)
        assert.strictEqual((yield* buffer.coverage).toTime, time)
        yield* buffer.advance(time - 1)
        assert.strictEqual((yield* buffer.coverage).toTime, time)
        assert.strictEqual((yield* buffer.coverage).nextSeq, 2)
      })
    )
  })
}
