import { writeFileSync } from "node:fs"
import { rename, rm } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { until } from "../faults/Scene.ts"
import { readRange } from "./ArchiveConformance.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"
import { makeScene, patiently } from "./SpillScene.ts"
import { archiveAt } from "./SqliteFixture.ts"

const transactions = new RandomLog({ seed: 9, largeOneIn: 0 }).transactions(12)
const stretch = (from: number, to: number) => transactions.slice(from, to).flat()
const mark = (seq: number) => markAfter(transactions[seq - 1] ?? [])

/** A spill that holds transactions 4 to 6, closed; the archive, which is away, has 1 to 3. */
const left = Effect.gen(function* () {
  const scene = yield* makeScene()
  const { archive } = yield* scene.open
  yield* archive.recover
  yield* archive.beginIncarnation(randomIncarnation())
  yield* archive.append(stretch(0, 3))
  yield* archive.writeMark(mark(3))
  scene.unsteady.mood = "refusing"
  yield* archive.append(stretch(3, 6))
  yield* scene.close
  scene.unsteady.mood = "well"
  return scene
})

describe("a spill, mistreated", () => {
  it.live("is told of by the archive's mark to whoever starts without it", () =>
    Effect.gen(function* () {
      const { file, openAt, elsewhere } = yield* left
      const { archive } = yield* openAt(elsewhere)
      const tail = yield* archive.recover
      assert.strictEqual(tail.mark?.seq, 3)
      assert.include(tail.mark?.spill?.file, file)
    }).pipe(Effect.scoped)
  )

  it.live("is known by its name, not by its place", () =>
    Effect.gen(function* () {
      const { file, openAt, elsewhere } = yield* left
      for (const end of ["", "-wal", "-shm"]) {
        yield* Effect.promise(() => rename(`${file}${end}`, `${elsewhere}${end}`).catch(() => undefined))
      }
      const { archive, figures } = yield* openAt(elsewhere)
      yield* until(
        "it is drained",
        Effect.sync(() => figures()?.since === null)
      )
      assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, 7), stretch(0, 6))
      assert.isUndefined((yield* archive.recover).mark?.spill)
    }).pipe(Effect.scoped)
  )

  it.live("waits when another ingestor has gone on without it, and is empty when that has all of it", () =>
    Effect.gen(function* () {
      const { open, openAt, elsewhere, close } = yield* left
      const other = yield* openAt(elsewhere)
      yield* other.archive.recover
      yield* other.archive.append(stretch(3, 5))
      yield* other.archive.writeMark(mark(5))
      yield* close
      const own = yield* open
      yield* until(
        "it says so",
        Effect.sync(() => own.figures()?.trouble !== null)
      )
      assert.include((yield* Effect.flip(own.archive.recover)).message, "another ingestor")
      yield* close
      const again = yield* openAt(elsewhere)
      yield* again.archive.recover
      yield* again.archive.append(stretch(5, 8))
      yield* again.archive.writeMark(mark(8))
      yield* close
      const last = yield* open
      const tail = yield* patiently(last.archive.recover)
      assert.deepStrictEqual([tail.last?.position.seq, tail.mark?.seq], [8, 8])
      assert.isNull(last.figures()?.since)
    }).pipe(Effect.scoped)
  )

  it.live("is refused when the source has begun a new life without it", () =>
    Effect.gen(function* () {
      const { file, open, openAt, elsewhere, close } = yield* left
      const other = yield* openAt(elsewhere)
      yield* other.archive.recover
      yield* other.archive.beginIncarnation(randomIncarnation(2, 4))
      yield* close
      const { archive, figures } = yield* open
      yield* until(
        "it says so",
        Effect.sync(() => figures()?.trouble !== null)
      )
      const { fix, reason } = yield* Effect.flip(archive.recover)
      assert.strictEqual(reason._tag, "Unsuited")
      assert.include(fix ?? "", file)
    }).pipe(Effect.scoped)
  )

  it.live("is refused when it is damaged, or an archive of its own, with the way out", () =>
    Effect.gen(function* () {
      const { file, open, close } = yield* left
      for (const end of ["-wal", "-shm"]) yield* Effect.promise(() => rm(`${file}${end}`, { force: true }))
      writeFileSync(file, "no database, but of some length ".repeat(100))
      const damaged = yield* Effect.flip(open)
      assert.strictEqual(damaged.reason._tag, "Unsuited")
      assert.include(damaged.message, file)
      assert.include(damaged.fix ?? "", "move it away")
      yield* close
      yield* Effect.promise(() => rm(file))
      yield* Archive.use((archive) =>
        Effect.andThen(archive.beginIncarnation(randomIncarnation()), archive.append(stretch(0, 1)))
      ).pipe(Effect.provide(archiveAt({ file }), { local: true }))
      assert.include((yield* Effect.flip(open)).message, "is an archive of its own, no spill")
    }).pipe(Effect.scoped)
  )
})
