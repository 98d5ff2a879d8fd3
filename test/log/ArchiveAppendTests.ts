import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Incarnation } from "../../src/domain/Log.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { sliceChunk } from "../../src/log/ChunkSlice.ts"
import { type ArchiveTests, failure, type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { markAfter, RandomLog, randomIncarnation, recut } from "./RandomLog.ts"
import { assertSameLog, countChanges } from "./ReadLog.ts"

const start = { seq: 1, ordinal: 0 }

/** Where the archive ends: what a refused append must not have changed. */
const endOf = (archive: OpenArchive) => Effect.map(archive.recover, ({ last }) => last?.position ?? null)

const withCommit = (chunk: ArchivedChunk, commit: Partial<ArchivedChunk["commit"]>): ArchivedChunk => ({
  ...chunk,
  commit: { ...chunk.commit, ...commit }
})

const firstOf = (chunks: ReadonlyArray<ArchivedChunk>): ArchivedChunk => {
  const [first] = chunks
  if (first === undefined) throw new Error("a transaction has a chunk")
  return first
}

export const archiveAppendTests = ({ fresh, opened, begun }: ArchiveTests): void => {
  describe("append", () => {
    it.effect("starts empty", () =>
      Effect.gen(function* () {
        yield* opened(yield* fresh, (archive) =>
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* archive.recover, { mark: null, incarnations: [], last: null })
            const coverage = { firstSeq: 1, nextSeq: 1, fromTime: null, toTime: null, toLsn: null }
            assert.deepStrictEqual(yield* archive.coverage, coverage)
            assert.strictEqual(yield* archive.resolve({ _tag: "Time", time: 0 }), 1)
            assert.strictEqual(yield* archive.resolve({ _tag: "Lsn", lsn: 0n }), 1)
            assert.deepStrictEqual(yield* archive.volume(1, 10), { transactions: 0, changes: 0, bytes: 0 })
          })
        )
      })
    )

    begun("has nothing to do for no chunks", (archive) =>
      Effect.gen(function* () {
        yield* archive.append([])
        assert.isNull(yield* endOf(archive))
      })
    )

    begun("takes what it was told ahead for a hint: right, wrong, cut off or given up", (archive) =>
      Effect.gen(function* () {
        const log = new RandomLog({ seed: 12, largeOneIn: 9 })
        const { dice } = log
        const transactions = log.transactions(60)
        const appends: Array<ReadonlyArray<ArchivedChunk>> = []
        const chunks = transactions.flatMap((each) => recut(dice, each))
        while (chunks.length > 0) appends.push(chunks.splice(0, 1 + dice.below(6)))
        for (const [i, append] of appends.entries()) {
          const next = appends[i + 1] ?? []
          // The same chunks as they will come, or others.
          const told = dice.oneIn(4) ? [...next] : dice.oneIn(4) ? next.slice(0, 1) : next
          const telling = yield* Effect.forkChild(archive.prepare?.(told) ?? Effect.void)
          yield* Effect.repeat(Effect.yieldNow, { times: dice.below(30) })
          if (dice.oneIn(5))
            yield* Effect.forkChild(archive.append(append)).pipe(Effect.flatMap(Fiber.interrupt))
          yield* Effect.all([archive.append(append), archive.prepare?.(told) ?? Effect.void], {
            concurrency: 2,
            discard: true
          })
          yield* Fiber.interrupt(telling)
          const whole = transactions.findLast((each) => each.at(-1) === append.findLast(({ last }) => last))
          if (whole !== undefined && dice.oneIn(3)) {
            yield* archive.writeMark(markAfter(whole, dice.oneIn(2) ? 0 : whole[0]?.commit.commitTime))
          }
        }
        assertSameLog(yield* readRange(archive, start, 61), transactions.flat())
      })
    )

    it.effect("hides a transaction until its last chunk is in, and goes on with it in the next life", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 3, largeOneIn: 0, chunkChanges: 300 })
        const before = log.transactions(5).flat()
        const large = log.transaction(2500)
        const half = Math.ceil(large.length / 2)
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            yield* archive.append([...before, ...large.slice(0, 1)])
            yield* archive.append(large.slice(1, half))
            const coverage = yield* archive.coverage
            assert.strictEqual(coverage.nextSeq, 6)
            assert.strictEqual(coverage.toTime, Math.max(...before.map((chunk) => chunk.commit.commitTime)))
            assert.strictEqual(yield* archive.resolve({ _tag: "Time", time: Number.MAX_SAFE_INTEGER }), 6)
            assertSameLog(yield* readRange(archive, start, 6), before)
          })
        )
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            const { last } = yield* archive.recover
            assert.deepStrictEqual(last?.position, {
              seq: 6,
              ordinal: countChanges(large.slice(0, half)) - 1
            })
            assert.deepStrictEqual(last?.commit, firstOf(large).commit)
            assert.isFalse(last?.complete)
            assert.strictEqual((yield* archive.coverage).nextSeq, 6)
            // The source sends it again from its beginning, cut elsewhere.
            yield* archive.append(recut(log.dice, large))
            assert.strictEqual((yield* archive.coverage).nextSeq, 7)
            assertSameLog(yield* readRange(archive, start, 7), [...before, ...large])
            const { changes } = yield* archive.volume(6, 7)
            assert.strictEqual(changes, 2500)
          })
        )
      })
    )

    begun("does not store twice what is repeated", (archive, log) =>
      Effect.gen(function* () {
        const chunks = [
          ...log.transactions(20).flat(),
          ...log.transaction(900),
          ...log.transactions(5).flat()
        ]
        yield* archive.append(chunks.slice(0, 15))
        yield* archive.append(recut(log.dice, chunks.slice(0, 15)))
        yield* archive.append(recut(log.dice, chunks))
        yield* archive.append(chunks)
        assertSameLog(yield* readRange(archive, start, 27), chunks)
        const { changes } = yield* archive.volume(1, 27)
        assert.strictEqual(changes, countChanges(chunks))
      })
    )

    it.effect("refuses what contradicts the stored commit, in this life and the next", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 5 })
        const chunks = log.transactions(60).flat()
        const open = log.transaction(50)
        const part = sliceChunk(firstOf(open), 0, Math.min(20, firstOf(open).changes.length - 1))
        const end = { seq: part.seq, ordinal: part.changes.length - 1 }
        const wrong = [0, 7, chunks.length - 1].map((i) => firstOf(chunks.slice(i)))
        const refusals = (archive: OpenArchive) =>
          Effect.gen(function* () {
            for (const chunk of [...wrong, ...open.slice(0, 1)]) {
              const { commitLsn } = chunk.commit
              const reason = yield* failure(
                "Conflict",
                archive.append([withCommit(chunk, { commitLsn: commitLsn + 1n })])
              )
              assert.strictEqual(reason._tag === "Conflict" && reason.seq, chunk.seq)
            }
            assert.deepStrictEqual(yield* endOf(archive), end)
          })
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            yield* archive.append([...chunks, part])
            yield* refusals(archive)
          })
        )
        yield* opened(store, refusals)
      })
    )

    begun("refuses a gap, disorder and chunks that are none, and stores nothing of them", (archive, log) =>
      Effect.gen(function* () {
        const [a, b, c] = [log.transaction(4), log.transaction(4), log.transaction(40)]
        const large = firstOf(c)
        const bad: ReadonlyArray<ReadonlyArray<ArchivedChunk>> = [
          b,
          [...a, ...c],
          [...a, sliceChunk(firstOf(b), 1)],
          [sliceChunk(firstOf(a), 1)],
          [...a, ...b, sliceChunk(large, 0, 1), sliceChunk(large, 2)],
          [...b, ...a],
          [...a, { ...firstOf(b), changes: [] }],
          [...a, { ...firstOf(b), last: !firstOf(b).last }],
          [...a, withCommit(firstOf(b), { count: 2 })],
          // LSNs rise within an incarnation.
          [...a, ...b.map((chunk) => withCommit(chunk, { commitLsn: firstOf(a).commit.commitLsn }))]
        ]
        for (const chunks of bad) yield* failure("Conflict", archive.append(chunks))
        assert.isNull(yield* endOf(archive))
        yield* archive.append([...a, ...b, ...c])
        assert.strictEqual((yield* archive.coverage).nextSeq, 4)
      })
    )
  })

  describe("mark", () => {
    it.effect("is kept, never goes back, and never promises what is not stored", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 8, backwards: 0 })
        const [a, b, c] = [log.transaction(1), log.transaction(2), log.transaction(3)]
        const later = firstOf(b).commit.commitTime + 60_000_000
        const mark = markAfter(b, later)
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            yield* archive.append([...a, ...b])
            yield* archive.writeMark(markAfter(a))
            yield* archive.writeMark(mark)
            assert.strictEqual((yield* archive.coverage).toTime, later)
          })
        )
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            assert.deepStrictEqual((yield* archive.recover).mark, mark)
            assert.strictEqual((yield* archive.coverage).toTime, later)
            yield* failure("Conflict", archive.writeMark(markAfter(a)))
            yield* failure("Conflict", archive.writeMark(markAfter(c)))
            yield* failure("Conflict", archive.writeMark({ ...mark, endLsn: mark.endLsn - 1n }))
            // An idle source: the frontier and the time move, the seq does not. A clock that goes back moves nothing.
            const idle = { ...mark, endLsn: mark.endLsn + 5n, coverageTime: later - 1 }
            yield* archive.writeMark(idle)
            assert.deepStrictEqual((yield* archive.recover).mark, { ...idle, coverageTime: later })
          })
        )
      })
    )
  })

  describe("incarnation", () => {
    it.effect("is kept, follows the one before, and the same one twice is one", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 9 })
        const first = randomIncarnation()
        const second: Incarnation = { ...randomIncarnation(2, 3), reusesNumbers: true }
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            const chunks = log.transactions(2).flat()
            yield* failure("Conflict", archive.append(chunks))
            yield* failure("Conflict", archive.beginIncarnation(randomIncarnation(2)))
            yield* archive.beginIncarnation(first)
            yield* archive.beginIncarnation(first)
            yield* failure("Conflict", archive.beginIncarnation({ ...first, slot: "other" }))
            yield* archive.append(chunks)
            yield* failure("Conflict", archive.beginIncarnation(randomIncarnation(2, 2)))
            yield* archive.beginIncarnation(second)
            yield* failure("Conflict", archive.append(log.transaction(1)))
          })
        )
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            assert.deepStrictEqual((yield* archive.recover).incarnations, [first, second])
          })
        )
      })
    )

    begun("does not finish what the one before left unfinished", (archive, log) =>
      Effect.gen(function* () {
        const before = log.transactions(3).flat()
        const unfinished = log.transaction(1000).slice(0, -1)
        yield* archive.append([...before, ...unfinished])
        yield* archive.beginIncarnation(randomIncarnation(2, 4))
        assert.strictEqual((yield* archive.coverage).nextSeq, 4)
        // Its LSNs begin below the old ones: another server counts for itself.
        const after = new RandomLog({
          seed: 10,
          firstSeq: 4,
          incarnation: 2,
          after: { lsn: 1n, time: 1_767_225_600_000_000 }
        }).transactions(4)
        yield* archive.append(after.flat())
        assertSameLog(yield* readRange(archive, start, 8), [...before, ...after.flat()])
        const lsn = firstOf(after[1] ?? []).commit.commitLsn
        assert.strictEqual(yield* archive.resolve({ _tag: "Lsn", lsn }), 5)
        assert.strictEqual(yield* archive.resolve({ _tag: "Lsn", lsn: 0n }), 4)
      })
    )
  })
}
