import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { type ArchiveTests, type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { ArchiveModel } from "./ArchiveModel.ts"
import { Dice } from "./Dice.ts"
import { markAfter, RandomLog, type RandomTransaction, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

const minute = 60_000_000

const resolve = (archive: OpenArchive, time: number) => archive.resolve({ _tag: "Time", time })

/** As if the source's clock had been set. */
const shifted = (transaction: RandomTransaction, by: number): RandomTransaction =>
  transaction.map((chunk) => ({
    ...chunk,
    commit: { ...chunk.commit, commitTime: chunk.commit.commitTime + by }
  }))

/** What somebody was told once: where a time that coverage had passed lies. */
type Pins = Map<number, number>

const agree = Effect.fnUntraced(function* (archive: OpenArchive, pins: Pins) {
  for (const [time, seq] of pins) assert.strictEqual(yield* resolve(archive, time), seq)
})

/** Appends, marks ahead of the newest commit and clocks that are set, in lives that end anywhere. */
const story = Effect.fnUntraced(function* ({ fresh, opened }: ArchiveTests, seed: number) {
  const store = yield* fresh
  const log = new RandomLog({ seed, largeOneIn: 12, chunkChanges: 900 })
  const { dice } = log
  const pins: Pins = new Map()
  const transactions: Array<RandomTransaction> = []
  const coverageAt = new Map<number, number>()
  let covered = Number.MIN_SAFE_INTEGER
  let clock = 0
  yield* opened(store, (archive) => archive.beginIncarnation(randomIncarnation()))
  for (let life = 0; life < 5; life++) {
    yield* opened(store, (archive) =>
      Effect.gen(function* () {
        const mark = Effect.gen(function* () {
          const last = transactions.at(-1)
          if (last === undefined) return
          const time = (last[0]?.commit.commitTime ?? 0) + dice.below(2 * minute)
          yield* archive.writeMark(markAfter(last, time))
          covered = Math.max(covered, time)
        })
        for (let step = 0; step < 12; step++) {
          if (dice.oneIn(6)) clock += (dice.below(20) - 10) * minute
          const transaction = shifted(log.transaction(), clock)
          for (const [i, chunk] of transaction.entries()) {
            if (i > 0 && dice.oneIn(2)) yield* mark
            coverageAt.set(chunk.seq, covered)
            yield* archive.append([chunk])
          }
          transactions.push(transaction)
          if (dice.oneIn(3)) yield* mark
          const { toTime, nextSeq } = yield* archive.coverage
          const model = new ArchiveModel(transactions, { coverageAt })
          assert.strictEqual(nextSeq, model.coverage.nextSeq)
          assert.strictEqual(toTime, Math.max(model.coverage.toTime ?? 0, covered))
          for (const time of [toTime, (toTime ?? 0) - dice.below(5 * minute)]) {
            if (time !== null) pins.set(time, model.resolve({ _tag: "Time", time }))
          }
        }
        yield* agree(archive, pins)
      })
    )
  }
})

export const archiveLogTimeTests = ({ fresh, opened, begun }: ArchiveTests): void => {
  describe("log time", () => {
    it.effect("lets adjacent windows tile when the clock was set back after the end of one was passed", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 21, backwards: 0 })
        const before = log.transactions(10)
        const idle = before.at(-1) ?? []
        const edge = (idle[0]?.commit.commitTime ?? 0) + minute
        // Committed after coverage had passed the edge, by a clock that says otherwise; then it goes on.
        const late = log.transactions(5).map((transaction) => shifted(transaction, -5 * minute))
        const after = log.transactions(5).map((transaction) => shifted(transaction, 10 * minute))
        const windows = Effect.fnUntraced(function* (archive: OpenArchive) {
          const end = yield* resolve(archive, edge)
          assert.strictEqual(end, 11)
          const first = yield* readRange(archive, { seq: 1, ordinal: 0 }, end)
          const last = yield* resolve(archive, edge + 60 * minute)
          const second = yield* readRange(archive, { seq: end, ordinal: 0 }, last)
          assertSameLog([...first, ...second], [...before, ...late, ...after].slice(0, last - 1).flat())
        })
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            yield* archive.append(before.flat())
            yield* archive.writeMark(markAfter(idle, edge))
            assert.strictEqual((yield* archive.coverage).toTime, edge)
            yield* windows(archive)
            yield* archive.append(late.flat())
            yield* windows(archive)
          })
        )
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            assert.strictEqual((yield* archive.coverage).toTime, edge)
            yield* windows(archive)
            yield* archive.append([...late.flat(), ...after.flat()])
            yield* windows(archive)
          })
        )
        yield* opened(store, windows)
      })
    )

    it.effect("is that of a transaction's last chunk, though its first was there before the mark", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 22, largeOneIn: 0, chunkChanges: 100, backwards: 0 })
        const before = log.transaction(3)
        const large = log.transaction(500)
        const passed = (large[0]?.commit.commitTime ?? 0) + minute
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            yield* archive.append([...before, ...large.slice(0, 2)])
            yield* archive.writeMark(markAfter(before, passed))
          })
        )
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            assert.strictEqual(yield* resolve(archive, passed), 2)
            yield* archive.append([...large.slice(2), ...shifted(log.transaction(1), -minute)])
            assert.strictEqual(yield* resolve(archive, passed), 2)
            assert.strictEqual(yield* resolve(archive, passed + 1), 4)
          })
        )
      })
    )

    for (const seed of [1, 2, 3]) {
      it.effect(`answers once and for all, in any story of clocks, marks and lives (seed ${seed})`, () =>
        story({ fresh, opened, begun }, seed)
      )
    }

    begun("is right while appends and marks are under way together", (archive, log) =>
      Effect.gen(function* () {
        const dice = new Dice(4)
        const pins: Pins = new Map()
        const transactions = log.transactions(120)
        let stored = transactions[0] ?? []
        const begin = stored[0]?.commit.commitTime ?? 0
        const done = yield* Deferred.make<void>()
        yield* archive.append(stored)
        // What coverage has passed may be asked for at any moment, and the answer is kept.
        const watcher = yield* archive.coverageChanges.pipe(
          Stream.runForEach(({ toTime }) =>
            toTime === null
              ? Effect.void
              : Effect.map(resolve(archive, toTime), (seq) => {
                  pins.set(toTime, pins.get(toTime) ?? seq)
                })
          ),
          Effect.raceFirst(Deferred.await(done)),
          Effect.forkChild
        )
        const marker = yield* Effect.gen(function* () {
          for (let i = 1; i <= 60; i++) yield* archive.writeMark(markAfter(stored, begin + i * minute))
        }).pipe(Effect.forkChild)
        for (const transaction of transactions.slice(1)) {
          yield* archive.append(shifted(transaction, -dice.below(30) * minute))
          stored = transaction
        }
        yield* Fiber.join(marker)
        yield* Deferred.succeed(done, undefined)
        yield* Fiber.join(watcher)
        assert.isAbove(pins.size, 1)
        yield* agree(archive, pins)
      })
    )

    it.effect("is kept of what retention has removed", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const log = new RandomLog({ seed: 23, backwards: 0 })
        // An hour ahead until the third one; then the clock is set right.
        const transactions = log
          .transactions(120)
          .map((transaction, i) => (i < 3 ? shifted(transaction, 60 * minute) : transaction))
        const ahead = transactions[2]?.[0]?.commit.commitTime ?? 0
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            for (const transaction of transactions) yield* archive.append(transaction)
            assert.strictEqual(yield* resolve(archive, ahead), 3)
          })
        )
        yield* store.expire
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            const { firstSeq, fromTime } = yield* archive.coverage
            assert.isAbove(firstSeq, 3)
            // Some of those with this log time are gone.
            assert.strictEqual(fromTime, ahead + 1)
            yield* archive.append(shifted(log.transaction(), -minute))
            yield* archive.append(shifted(log.transaction(), 90 * minute))
            assert.strictEqual(yield* resolve(archive, ahead + 1), 122)
          })
        )
      })
    )
  })

  describe("the frontier", () => {
    it.effect("is the newest mark's, in this life and the next, and moves on an idle source", () =>
      Effect.gen(function* () {
        const store = yield* fresh
        const transaction = new RandomLog({ seed: 24 }).transaction()
        const mark = markAfter(transaction)
        const idle = { ...mark, endLsn: mark.endLsn + 4096n }
        const toLsn = (archive: OpenArchive) => Effect.map(archive.coverage, (coverage) => coverage.toLsn)
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            yield* archive.beginIncarnation(randomIncarnation())
            yield* archive.append(transaction)
            assert.isNull(yield* toLsn(archive))
            yield* archive.writeMark(mark)
            const seen: Array<bigint | null> = []
            const first = yield* Deferred.make<void>()
            const watcher = yield* archive.coverageChanges.pipe(
              Stream.takeUntil((coverage) => coverage.toLsn === idle.endLsn),
              Stream.runForEach((coverage) => {
                seen.push(coverage.toLsn)
                return Deferred.succeed(first, undefined)
              }),
              Effect.forkChild
            )
            yield* Deferred.await(first)
            yield* archive.writeMark(idle)
            yield* Fiber.join(watcher)
            assert.deepStrictEqual(seen, [mark.endLsn, idle.endLsn])
          })
        )
        yield* opened(store, (archive) =>
          Effect.gen(function* () {
            assert.strictEqual(yield* toLsn(archive), idle.endLsn)
            // Another life counts for itself: where the old one ended says nothing about it.
            yield* archive.beginIncarnation(randomIncarnation(2, 2))
            assert.isNull(yield* toLsn(archive))
            yield* archive.writeMark({ ...mark, endLsn: 0x200n, incarnation: 2 })
            assert.strictEqual(yield* toLsn(archive), 0x200n)
          })
        )
      })
    )
  })
}
