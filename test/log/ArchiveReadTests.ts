import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import type { Coverage } from "../../src/domain/Log.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { sliceChunk } from "../../src/log/ChunkSlice.ts"
import { type ArchiveTests, failure, readRange } from "./ArchiveConformance.ts"
import { ArchiveModel } from "./ArchiveModel.ts"
import { Dice } from "./Dice.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog, countChanges } from "./ReadLog.ts"

export const archiveReadTests = ({ fresh, opened, begun }: ArchiveTests): void => {
  describe("read", () => {
    begun("begins within a transaction, at its end and beyond it", (archive, log) =>
      Effect.gen(function* () {
        const [a, b] = [log.transaction(1200), log.transaction(3)]
        yield* archive.append([...a, ...b])
        for (const ordinal of [1, 399, 400, 777, 1199]) {
          const rest = a
            .filter((chunk) => chunk.firstOrdinal + chunk.changes.length > ordinal)
            .map((chunk) => sliceChunk(chunk, ordinal))
          assertSameLog(yield* readRange(archive, { seq: 1, ordinal }, 3), [...rest, ...b])
          assertSameLog(yield* readRange(archive, { seq: 1, ordinal }, 2), rest)
        }
        assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 1200 }, 3), b)
        assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 1200 }, 2), [])
        assertSameLog(yield* readRange(archive, { seq: 2, ordinal: 3 }, 3), [])
        assertSameLog(yield* readRange(archive, { seq: 0, ordinal: 0 }, 3), [...a, ...b])
        assertSameLog(yield* readRange(archive, { seq: 2, ordinal: 0 }, 2), [])
      })
    )

    begun("gives what was asked for when the reader stops early", (archive, log) =>
      Effect.gen(function* () {
        const large = log.transaction(20_000)
        yield* archive.append(large)
        const pages = yield* archive
          .read({ seq: 1, ordinal: 0 }, null)
          .pipe(Stream.take(2), Stream.runCollect)
        assert.isBelow(countChanges(pages.flat()), 20_000)
        assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, 2), large)
      })
    )

    begun("follows the log, and a range that is not there yet ends when it is", (archive, log) =>
      Effect.gen(function* () {
        const chunks = log.transactions(30).flat()
        const large = log.transaction(3000)
        const all = [...chunks, ...large]
        const given: Array<ArchivedChunk> = []
        const seen = yield* Deferred.make<void>()
        const follower = yield* archive.read({ seq: 3, ordinal: 0 }, null).pipe(
          Stream.runForEach((page) => {
            given.push(...page)
            return given.at(-1)?.seq === 31 && given.at(-1)?.last
              ? Deferred.succeed(seen, undefined)
              : Effect.void
          }),
          Effect.forkChild
        )
        const closed = yield* readRange(archive, { seq: 1, ordinal: 0 }, 20).pipe(Effect.forkChild)
        yield* Effect.yieldNow
        for (let i = 0; i < all.length; i += 3) yield* archive.append(all.slice(i, i + 3))
        yield* Deferred.await(seen)
        yield* Fiber.interrupt(follower)
        assertSameLog(
          given,
          all.filter((chunk) => chunk.seq >= 3)
        )
        assertSameLog(
          yield* Fiber.join(closed),
          all.filter((chunk) => chunk.seq < 20)
        )
      })
    )

    it.effect("fails with what is missing below the log's start, and the log goes on", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 11, largeOneIn: 10 })
        const transactions = log.transactions(120)
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            for (const transaction of transactions) yield* archive.append(transaction)
            yield* archive.writeMark(markAfter(transactions[100] ?? []))
          })
        )
        yield* store.expire
        const next = log.transactions(3)
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            const { firstSeq, nextSeq } = yield* archive.coverage
            assert.isAbove(firstSeq, 1)
            assert.strictEqual(nextSeq, 121)
            const reason = yield* failure("Missing", readRange(archive, { seq: 1, ordinal: 0 }, nextSeq))
            assert.deepStrictEqual(reason, { _tag: "Missing", from: 1, until: firstSeq })
            yield* archive.append([...(transactions[119] ?? []), ...next.flat()])
            const model = new ArchiveModel([...transactions, ...next], { firstSeq })
            const { fromTime, toLsn, ...coverage } = yield* archive.coverage
            const { fromTime: earliest, toLsn: _, ...modelled } = model.coverage
            assert.deepStrictEqual({ ...coverage, toTime: 0 }, { ...modelled, toTime: 0 })
            assert.strictEqual(toLsn, transactions[100]?.at(-1)?.commit.endLsn)
            // Not so early that something with this log time is gone; at the latest just behind the first one.
            assert.isAtLeast(fromTime ?? 0, earliest ?? 0)
            assert.isAtMost(fromTime ?? 0, model.logTime(firstSeq) + 1)
            assertSameLog(
              yield* readRange(archive, { seq: firstSeq, ordinal: 0 }, 124),
              model.between(firstSeq, 124)
            )
            for (const transaction of transactions) {
              const time = transaction[0]?.commit.commitTime ?? 0
              assert.strictEqual(
                yield* archive.resolve({ _tag: "Time", time }),
                model.resolve({ _tag: "Time", time })
              )
            }
            const { changes } = yield* archive.volume(1, 124)
            assert.strictEqual(changes, model.volume(1, 124).changes)
          })
        )
      })
    )
  })

  describe("resolve and volume", () => {
    begun("answer as a walk over the whole log would, though commit times go back", (archive, log) =>
      Effect.gen(function* () {
        const transactions = log.transactions(150)
        for (let i = 0; i < 150; i += 7) yield* archive.append(transactions.slice(i, i + 7).flat())
        const model = new ArchiveModel(transactions)
        const commits = transactions.map((transaction) => transaction[0]?.commit)
        for (const commit of commits) {
          for (const off of [-1, 0, 1]) {
            const time = { _tag: "Time", time: (commit?.commitTime ?? 0) + off } as const
            assert.strictEqual(yield* archive.resolve(time), model.resolve(time))
            const lsn = { _tag: "Lsn", lsn: (commit?.commitLsn ?? 0n) + BigInt(off) } as const
            assert.strictEqual(yield* archive.resolve(lsn), model.resolve(lsn))
          }
        }
        const dice = new Dice(1)
        for (let i = 0; i < 30; i++) {
          const [start, length] = [1 + dice.below(150), dice.below(60)]
          const { bytes, ...volume } = yield* archive.volume(start, start + length)
          assert.deepStrictEqual(volume, model.volume(start, start + length))
          assert.strictEqual(bytes > 0, volume.changes > 0)
        }
      })
    )

    begun("give windows that tile", (archive, log) =>
      Effect.gen(function* () {
        const transactions = log.transactions(80)
        yield* archive.append(transactions.flat())
        const times = transactions.map((transaction) => transaction[0]?.commit.commitTime ?? 0)
        const [low, high] = [Math.min(...times), Math.max(...times)]
        const dice = new Dice(2)
        const bounds = Array.from({ length: 6 }, () => low + dice.below(high - low)).sort((a, b) => a - b)
        const seqs = yield* Effect.forEach([low, ...bounds, high + 1], (time) =>
          archive.resolve({ _tag: "Time", time })
        )
        const windows = yield* Effect.forEach(seqs.slice(1), (end, i) =>
          readRange(archive, { seq: seqs[i] ?? 0, ordinal: 0 }, end)
        )
        assertSameLog(windows.flat(), transactions.flat())
      })
    )
  })

  describe("coverageChanges", () => {
    begun("begins with the present one and ends up at the newest", (archive, log) =>
      Effect.gen(function* () {
        const [a, b] = [log.transaction(2), log.transaction(2)]
        yield* archive.append(a)
        const seen: Array<Coverage> = []
        const first = yield* Deferred.make<void>()
        const watcher = yield* archive.coverageChanges.pipe(
          Stream.takeUntil(
            (coverage) => coverage.nextSeq === 3 && coverage.toTime === Number.MAX_SAFE_INTEGER
          ),
          Stream.runForEach((coverage) => {
            seen.push(coverage)
            return Deferred.succeed(first, undefined)
          }),
          Effect.forkChild
        )
        yield* Deferred.await(first)
        assert.deepStrictEqual(seen, [yield* archive.coverage])
        yield* archive.append(b)
        yield* archive.writeMark(markAfter(b, Number.MAX_SAFE_INTEGER))
        yield* Fiber.join(watcher)
        assert.deepStrictEqual(seen.at(-1), yield* archive.coverage)
      })
    )
  })
}
