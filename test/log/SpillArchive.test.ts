import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { until } from "../faults/Scene.ts"
import { archiveConformance, failure, readRange } from "./ArchiveConformance.ts"
import { Dice } from "./Dice.ts"
import { markAfter, RandomLog, type RandomTransaction, randomIncarnation, recut } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"
import { beside, makeScene, patiently } from "./SpillScene.ts"
import { archiveAt, temporaryDirectory } from "./SqliteFixture.ts"

archiveConformance(
  "SpillArchive over an archive that is well",
  Effect.map(temporaryDirectory, (path) => {
    const file = join(path, "log.db")
    return {
      layer: beside(archiveAt({ file }), { file: join(path, "spill.sqlite") }),
      expire: Archive.use(({ coverageChanges }) =>
        coverageChanges.pipe(
          Stream.takeUntil(({ firstSeq }) => firstSeq > 1),
          Stream.runDrain
        )
      ).pipe(Effect.provide(archiveAt({ file, retention: { maxBytes: 20_000 } }), { local: true }))
    }
  })
)

describe("a spill", () => {
  it.live("takes over from an archive that takes nothing, and is drained in order when it is back", () =>
    Effect.gen(function* () {
      const { unsteady, open } = yield* makeScene()
      const { archive, figures } = yield* open
      const log = new RandomLog({ seed: 3 })
      const transactions = log.transactions(60)
      const flat = transactions.flat()
      yield* archive.recover
      yield* archive.beginIncarnation(randomIncarnation())
      yield* archive.append(transactions.slice(0, 10).flat())
      yield* archive.writeMark(markAfter(transactions[9] ?? []))
      unsteady.mood = "silent"
      yield* archive.append(transactions.slice(10, 30).flat())
      yield* archive.writeMark(markAfter(transactions[29] ?? []))
      assert.strictEqual(figures()?.transactions, 20)
      assert.isNotNull(figures()?.since)
      assert.strictEqual((yield* archive.coverage).nextSeq, 11)
      const { mark, last } = yield* archive.recover
      assert.deepStrictEqual([mark, last?.position.seq], [markAfter(transactions[29] ?? []), 30])
      unsteady.mood = "well"
      yield* archive.append(transactions.slice(30, 60).flat())
      yield* until(
        "it is drained",
        Effect.sync(() => figures()?.since === null)
      )
      assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, 61), flat)
      assert.strictEqual(figures()?.transactions, 0)
      assert.strictEqual((yield* archive.recover).mark?.seq, 30)
    }).pipe(Effect.scoped)
  )

  it.live("is not used before the archive's mark names it", () =>
    Effect.gen(function* () {
      const { unsteady, open } = yield* makeScene()
      const { archive, figures } = yield* open
      yield* archive.recover
      yield* archive.beginIncarnation(randomIncarnation())
      const first = new RandomLog({ seed: 3 }).transaction()
      unsteady.mood = "silent"
      const waits = yield* archive.append(first).pipe(Effect.timeoutOption("500 millis"))
      assert.strictEqual(waits._tag, "None")
      assert.isNull(figures()?.since)
    }).pipe(Effect.scoped)
  )

  it.live("that is full makes capture wait, and says so; drained, it takes more", () =>
    Effect.gen(function* () {
      const { unsteady, open } = yield* makeScene({ maxBytes: 512 * 1024 })
      const { archive, figures } = yield* open
      const log = new RandomLog({ seed: 4, largeOneIn: 2 })
      yield* archive.recover
      yield* archive.beginIncarnation(randomIncarnation())
      const first = log.transaction()
      yield* archive.append(first)
      yield* archive.writeMark(markAfter(first))
      unsteady.mood = "refusing"
      const taken: Array<ArchivedChunk> = [...first]
      let rest: RandomTransaction = []
      for (let full = false; !full; ) {
        rest = log.transaction()
        full = yield* archive.append(rest).pipe(
          Effect.as(false),
          Effect.catch((error) => {
            assert.strictEqual(error.reason._tag, "Full")
            assert.include(error.fix ?? "", "SPILL_MAX_BYTES")
            return Effect.succeed(true)
          })
        )
        if (!full) taken.push(...rest)
      }
      unsteady.mood = "well"
      yield* patiently(archive.append(rest))
      yield* until(
        "it is drained",
        Effect.sync(() => figures()?.since === null)
      )
      const end = (rest.at(-1)?.seq ?? 0) + 1
      assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, end), [...taken, ...rest])
    }).pipe(Effect.scoped)
  )

  it.live("a new life of the source waits for the archive", () =>
    Effect.gen(function* () {
      const { unsteady, open } = yield* makeScene()
      const { archive } = yield* open
      const first = new RandomLog({ seed: 3 }).transaction()
      yield* archive.recover
      yield* archive.beginIncarnation(randomIncarnation())
      yield* archive.append(first)
      yield* archive.writeMark(markAfter(first))
      unsteady.mood = "refusing"
      yield* archive.writeMark({ ...markAfter(first), endLsn: markAfter(first).endLsn + 1n })
      yield* failure("Unavailable", archive.beginIncarnation(randomIncarnation(2, 2)))
      unsteady.mood = "well"
      yield* patiently(archive.beginIncarnation(randomIncarnation(2, 2)))
      assert.strictEqual((yield* archive.incarnations).length, 2)
    }).pipe(Effect.scoped)
  )

  it.live("a later life, with the archive away, goes on from the spill, and says that it could not ask", () =>
    Effect.gen(function* () {
      const { unsteady, open, close } = yield* makeScene()
      const one = yield* open
      const transactions = new RandomLog({ seed: 3 }).transactions(4)
      yield* one.archive.recover
      yield* one.archive.beginIncarnation(randomIncarnation())
      yield* one.archive.append(transactions[0] ?? [])
      yield* one.archive.writeMark(markAfter(transactions[0] ?? []))
      unsteady.mood = "silent"
      yield* one.archive.append(transactions[1] ?? [])
      yield* close
      const two = yield* open
      const tail = yield* two.archive.recover
      assert.deepStrictEqual([tail.unconfirmed, tail.last?.position.seq], [true, 2])
      unsteady.mood = "well"
      yield* until(
        "it is drained",
        Effect.sync(() => two.figures()?.since === null)
      )
      const after = yield* two.archive.recover
      assert.deepStrictEqual([after.unconfirmed, after.last?.position.seq], [undefined, 2])
    }).pipe(Effect.scoped)
  )

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it.live(
      `any story of outages, lost answers and crashes ends with one log, in order (${seed})`,
      () =>
        Effect.gen(function* () {
          const scene = yield* makeScene()
          const { unsteady } = scene
          const log = new RandomLog({ seed })
          const dice = new Dice(seed * 7919)
          const transactions = log.transactions(60)
          const chunks = transactions.flat()
          let { archive, figures } = yield* scene.open
          yield* archive.recover
          yield* archive.beginIncarnation(randomIncarnation())
          yield* archive.append(transactions[0] ?? [])
          yield* archive.writeMark(markAfter(transactions[0] ?? []))
          let stored = transactions[0]?.length ?? 0
          let confirmed = 1
          /** As capture does after it was away: from the mark on, and what is stored is not stored again. */
          const begin = Effect.gen(function* () {
            // Without a spill that leads there is nothing to begin with before the archive is back.
            if (figures()?.since === null && dice.oneIn(2)) unsteady.mood = "well"
            const found = yield* archive.recover.pipe(patiently, Effect.timeoutOption("500 millis"))
            if (found._tag === "None") unsteady.mood = "well"
            const tail = found._tag === "Some" ? found.value : yield* patiently(archive.recover)
            assert.isAtLeast(tail.mark?.seq ?? 0, confirmed)
            assert.isAtLeast(tail.last?.position.seq ?? 0, confirmed)
            stored = chunks.findIndex(({ seq }) => seq > (tail.mark?.seq ?? 0))
            if (stored < 0) stored = chunks.length
          })
          while (stored < chunks.length) {
            const until = Math.min(chunks.length, stored + 1 + dice.below(dice.oneIn(5) ? 30 : 4))
            const next = recut(dice, chunks.slice(stored, until))
            const done = yield* archive
              .append(next)
              .pipe(patiently, Effect.timeoutOption(dice.oneIn(6) ? "15 millis" : "4 seconds"))
            if (done._tag === "None") {
              // Given up in the middle: the outcome is not known.
              if (unsteady.mood !== "well" && dice.oneIn(2)) unsteady.mood = "well"
              yield* begin
              continue
            }
            stored = until
            if (dice.oneIn(2)) {
              const whole = chunks.slice(0, stored).findLast((chunk) => chunk.last)?.seq ?? 0
              if (whole > confirmed) {
                const marked = yield* archive
                  .writeMark(markAfter(transactions[whole - 1] ?? []))
                  .pipe(patiently, Effect.timeoutOption("2 seconds"))
                if (marked._tag === "Some") confirmed = whole
              }
            }
            if (dice.oneIn(4))
              unsteady.mood = dice.pick(["well", "well", "silent", "refusing", "answersLost"] as const)
            if (dice.oneIn(10)) {
              yield* scene.close
              const life = yield* scene.open
              archive = life.archive
              figures = life.figures
              yield* begin
            }
            const { nextSeq } = yield* archive.coverage
            assertSameLog(
              yield* readRange(archive, { seq: 1, ordinal: 0 }, nextSeq),
              chunks.filter(({ seq }) => seq < nextSeq)
            )
          }
          unsteady.mood = "well"
          yield* until(
            "it is drained",
            Effect.sync(() => figures()?.since === null)
          )
          assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, 61), chunks)
          assert.isAtLeast((yield* archive.recover).mark?.seq ?? 0, confirmed)
        }).pipe(Effect.scoped),
      { timeout: 30_000, retry: 0 }
    )
  }
})
