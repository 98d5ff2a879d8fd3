import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { CoverageClock } from "../../src/ingest/CoverageClock.ts"
import { Frontier } from "../../src/ingest/Frontier.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import { LiveQueue } from "../../src/ingest/LiveQueue.ts"
import { makeMarkKeeper } from "../../src/ingest/MarkKeeper.ts"
import { Archive } from "../../src/log/Archive.ts"
import { RecordingArchive } from "./RecordingArchive.ts"

const setUp = Effect.gen(function* () {
  const recording = new RecordingArchive()
  const events: Array<string> = []
  const archive = yield* Effect.provide(Archive, recording.layer)
  const frontier = new Frontier(100n, { seq: 4, commitLsn: 90n })
  const coverage = new CoverageClock()
  const keeper = yield* makeMarkKeeper({
    archive: {
      ...archive,
      writeMark: (mark) =>
        Effect.tap(archive.writeMark(mark), () => Effect.sync(() => events.push(`mark ${mark.endLsn}`)))
    },
    frontier,
    coverage,
    reader: {
      confirm: (lsn) => {
        events.push(`confirm ${lsn}`)
      },
      sendStatus: () => undefined
    },
    live: new LiveQueue(1000),
    incarnation: 1,
    partitions: 1,
    coverageTime: 7
  })
  return { recording, events, frontier, coverage, keeper }
})

describe("MarkKeeper", () => {
  it.effect("writes the mark first and confirms after, and only what moved", () =>
    Effect.gen(function* () {
      const { events, frontier, keeper, recording } = yield* setUp
      yield* keeper.write
      yield* keeper.write
      frontier.begin(5, 110n, 120n, 50)
      yield* keeper.write
      frontier.settle(5)
      yield* keeper.write
      assert.deepStrictEqual(events, ["mark 100", "confirm 100", "mark 120", "confirm 120"])
      assert.deepStrictEqual(
        recording.marks.map(({ seq, coverageTime }) => [seq, coverageTime]),
        [
          [4, 7],
          [5, 50]
        ]
      )
    }).pipe(Effect.provide(IngestState.layer))
  )

  it.effect("confirms nothing while the mark cannot be written, and tries again the next second", () =>
    Effect.gen(function* () {
      const { events, frontier, keeper, recording } = yield* setUp
      recording.failMarks = 2
      frontier.pass(130n, null)
      yield* Effect.forkChild(keeper.run, { startImmediately: true })
      yield* TestClock.adjust("1500 millis")
      assert.deepStrictEqual(events, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(events, ["mark 130", "confirm 130"])
    }).pipe(Effect.provide(IngestState.layer))
  )

  it.effect("moves the coverage's time on an idle source", () =>
    Effect.gen(function* () {
      const { coverage, keeper, recording } = yield* setUp
      coverage.observe(100n, 5_000_000)
      yield* keeper.write
      assert.strictEqual(recording.marks.at(-1)?.coverageTime, 4_000_000)
    }).pipe(Effect.provide(IngestState.layer))
  )
})
