import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule, Stream, SubscriptionRef } from "effect"
import { layerCoverageKeeper } from "../../src/control/CoverageKeeper.ts"
import { CoverageNotes } from "../../src/control/CoverageNotes.ts"
import type { Incarnation } from "../../src/domain/Log.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import { coverageMessagePrefix } from "../../src/ingest/PublicationPlan.ts"
import { Archive } from "../../src/log/Archive.ts"
import { historyName } from "../../src/replay/HistoryName.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { controlLayer } from "./TestControl.ts"

const incarnation: Incarnation = {
  number: 1,
  systemIdentifier: "7",
  timeline: 1,
  database: "shop",
  slot: "s",
  firstSeq: 1,
  startLsn: 1n,
  gap: null
}
const history = historyName("shop", [incarnation])

/** A transaction that says that a table joins. */
const joining = (seq: number, table: string): ArchivedChunk => ({
  seq,
  incarnation: 1,
  firstOrdinal: 0,
  last: true,
  bytes: 1,
  changes: [
    {
      op: "message",
      prefix: coverageMessagePrefix,
      content: Buffer.from(JSON.stringify({ table, captured: "all" })).toString("base64")
    }
  ],
  commit: {
    xid: seq,
    commitLsn: BigInt(seq) * 16n,
    endLsn: BigInt(seq) * 16n + 8n,
    commitTime: seq * 1_000_000,
    origin: null,
    count: 1
  }
})

const asked: Array<number> = []

const TestArchive = Layer.mock(Archive, {
  kind: "sqlite",
  incarnations: Effect.succeed([incarnation]),
  coverage: Effect.succeed({ firstSeq: 1, nextSeq: 6, fromTime: 1, toTime: 2, toLsn: null }),
  read: (from) =>
    Stream.suspend(() => {
      asked.push(from.seq)
      return Stream.make([joining(2, "public.a")], [joining(4, "public.b")])
    })
})

const TestLayer = Layer.mergeAll(CoverageNotes.layer, IngestState.layer, TestArchive, ActorSystem.layer).pipe(
  Layer.provideMerge(controlLayer("keeper")),
  Layer.orDie
)

layer(TestLayer, { timeout: "60 seconds", excludeTestServices: true })("the keeper of coverage", (it) => {
  it.effect(
    "notes what was archived before it came, then what capture tells; a second life reads on behind it",
    () =>
      Effect.gen(function* () {
        const notes = yield* CoverageNotes
        const state = yield* IngestState
        const tables = (wanted: number) =>
          notes.starts(history).pipe(
            Effect.map((starts) => starts.map(({ seq, table }) => `${seq} ${table}`)),
            Effect.filterOrFail((found) => found.length === wanted),
            Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 })
          )
        const life = Layer.build(layerCoverageKeeper("shop"))
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* life
            assert.deepStrictEqual(yield* tables(2), ["2 public.a", "4 public.b"])
            yield* SubscriptionRef.set(state.coverageStarts, [
              { table: "public.c", captured: "inserts", seq: 7, commitLsn: 112n, commitTime: 7_000_000 }
            ])
            state.update(() => ({ seq: 8 }))
            assert.deepStrictEqual((yield* tables(3)).at(-1), "7 public.c")
          })
        )
        assert.isAtLeast(yield* notes.noted(history), 5)
        assert.deepStrictEqual(asked, [1])
        yield* notes.note(history, [], 3) // it never goes back
        assert.isAtLeast(yield* notes.noted(history), 5)
        yield* Effect.scoped(Layer.build(Layer.fresh(layerCoverageKeeper("shop"))))
        assert.deepStrictEqual(asked, [1])
        assert.strictEqual((yield* notes.starts("another@history")).length, 0)
      })
  )
})
