import { statSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Archive } from "../../src/log/Archive.ts"
import { cutSegments } from "../../src/log/sqlite/Segment.ts"
import { openWriter } from "../../src/log/sqlite/SqliteFile.ts"
import { SqliteWriter } from "../../src/log/sqlite/SqliteWriter.ts"
import { failure, readRange } from "./ArchiveConformance.ts"
import { RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"
import { archiveAt, temporaryDirectory } from "./SqliteFixture.ts"

const hour = 3_600_000
const begin = Date.UTC(2026, 0, 1)

/** A day's worth: one transaction an hour. */
const hourly = Array.from({ length: 24 }, (_, i) =>
  new RandomLog({
    seed: i,
    firstSeq: i + 1,
    backwards: 0,
    largeOneIn: 0,
    after: { lsn: BigInt(i + 1) << 32n, time: (begin + i * hour) * 1000 }
  }).transaction()
)

/** Lets the retention's clock tick until the log's first seq is so. */
const untilFirstIs = Effect.fnUntraced(function* (
  archive: Archive["Service"],
  holds: (firstSeq: number) => boolean
) {
  while (!holds((yield* archive.coverage).firstSeq)) {
    yield* TestClock.adjust("1 minute")
    // The thread answers when the event loop turns.
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  }
})

describe("retention", () => {
  it.effect("by age removes what is older, while time goes by", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "log.db")
      yield* TestClock.setTime(begin)
      yield* Archive.use((archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          for (const transaction of hourly) yield* archive.append(transaction)
          assert.strictEqual((yield* archive.coverage).firstSeq, 1)
          for (const passed of [8, 15]) {
            yield* TestClock.setTime(begin + passed * hour)
            yield* untilFirstIs(archive, (firstSeq) => firstSeq > passed - 6)
            const { firstSeq } = yield* archive.coverage
            const removed = hourly[firstSeq - 2]?.[0]?.commit.commitTime ?? 0
            assert.isBelow(removed, ((yield* Clock.currentTimeMillis) - 6 * hour) * 1000)
          }
          const { firstSeq } = yield* archive.coverage
          yield* failure("Missing", readRange(archive, { seq: firstSeq - 1, ordinal: 0 }, 25))
          // A removal that was under way may come between: then it is Missing, never a shorter log.
          const held = yield* Effect.flatMap(archive.coverage, ({ firstSeq }) =>
            readRange(archive, { seq: firstSeq, ordinal: 0 }, 25)
          ).pipe(Effect.retry({ times: 5 }))
          assertSameLog(held, hourly.slice((held[0]?.seq ?? 1) - 1).flat())
          // However old, the newest stays: the log's end is always known.
          yield* TestClock.setTime(begin + 1000 * hour)
          yield* untilFirstIs(archive, (first) => first === 24)
          assert.deepStrictEqual((yield* archive.recover).last?.position.seq, 24)
        })
      ).pipe(Effect.provide(archiveAt({ file, retention: { maxAge: "6 hours", every: "1 minute" } })))
    })
  )

  it.effect("by size keeps the file bounded, and an unfinished transaction whole", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "log.db")
      const log = new RandomLog({ seed: 2, largeOneIn: 3, chunkChanges: 300 })
      const retention = { maxBytes: 200_000, every: "1 minute" } as const
      yield* Archive.use((archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          for (let round = 0; round < 12; round++) {
            const { firstSeq } = yield* archive.coverage
            const transactions = log.transactions(10)
            for (const transaction of transactions) yield* archive.append(transaction)
            const large = log.transaction(4000)
            yield* archive.append(large.slice(0, -1))
            if (round > 2) yield* untilFirstIs(archive, (first) => first > firstSeq)
            yield* archive.append(large.slice(-1))
            const { nextSeq } = yield* archive.coverage
            assertSameLog(yield* readRange(archive, { seq: nextSeq - 1, ordinal: 0 }, nextSeq), large)
          }
        })
      ).pipe(Effect.provide(archiveAt({ file, retention })))
      assert.isBelow(statSync(file).size, 3_000_000)
    })
  )

  it.effect("gives the disk what is free, when it is much", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "log.db")
      const { db, close } = openWriter({
        role: "writer",
        file,
        source: "shop",
        maxFileBytes: null,
        compress: false
      })
      const writer = new SqliteWriter(db, false)
      const segments = cutSegments(new RandomLog({ seed: 1 }).transactions(2).flat(), 0, () => {})
      const [segment] = segments
      if (segment === undefined) throw new Error("there is a segment")
      const text = new Uint8Array(1_000_000).fill(0x78)
      const large = Array.from({ length: 20 }, (_, i) => ({ ...segment, firstSeq: i, lastSeq: i, text }))
      writer.append({ segments: large, relations: [] })
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)")
      assert.isAbove(statSync(file).size, 20_000_000)
      while (writer.prune({ before: null, maxBytes: 2_000_000, belowSeq: 100 }).more);
      close()
      assert.isBelow(statSync(file).size, 12_000_000)
    })
  )
})
