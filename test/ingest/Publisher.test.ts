import { assert, it } from "@effect/vitest"
import { Effect, Fiber, SubscriptionRef } from "effect"
import { TestClock } from "effect/testing"
import { Frontier } from "../../src/ingest/Frontier.ts"
import { Handoff } from "../../src/ingest/Handoff.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import { LiveQueue } from "../../src/ingest/LiveQueue.ts"
import { publish } from "../../src/ingest/Publisher.ts"
import { Sequencer } from "../../src/ingest/Sequencer.ts"
import { Archive } from "../../src/log/Archive.ts"
import { SpillGauge } from "../../src/log/SpillGauge.ts"
import { randomIncarnation } from "../log/RandomLog.ts"
import { transaction } from "../replay/History.ts"
import { RecordingArchive } from "./RecordingArchive.ts"

it.effect(
  "an archive that takes nothing and does not say no is told after five seconds, and its end too",
  () =>
    Effect.gen(function* () {
      const recording = new RecordingArchive()
      recording.incarnations = [randomIncarnation()]
      recording.open.closeUnsafe()
      const handoff = new Handoff({ waitingBytes: 1e6, changes: 100, bytes: 1e6 })
      const state = yield* IngestState
      yield* SubscriptionRef.set(state.phase, { _tag: "Capturing" })
      const phase = Effect.map(SubscriptionRef.get(state.phase), ({ _tag }) => _tag)
      const publishing = yield* Effect.forkChild(
        publish({
          archive: yield* Effect.provide(Archive, recording.layer),
          sequencer: new Sequencer({ seq: 0, endLsn: 0n, incarnation: 1 }),
          frontier: new Frontier(0n, { seq: 0, commitLsn: 0n }),
          handoff,
          live: new LiveQueue(1e6)
        })
      )
      // Idle for long: nothing is wrong with that.
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* phase, "Capturing")

      const [chunk] = transaction(1, 1_000_000, ["orders"])
      if (chunk === undefined) return assert.fail("a transaction has a chunk")
      yield* handoff.offer([{ _tag: "Chunk", chunk }])
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* phase, "Capturing")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* phase, "Blocked")

      yield* recording.open.open
      yield* handoff.end
      yield* Fiber.join(publishing)
      assert.strictEqual(yield* phase, "Capturing")
      assert.strictEqual(recording.transactions, 1)
    }).pipe(Effect.provide(IngestState.layer))
)

it.effect("what only a spill has is not for the live buffer", () =>
  Effect.gen(function* () {
    const recording = new RecordingArchive()
    recording.incarnations = [randomIncarnation()]
    const handoff = new Handoff({ waitingBytes: 1e6, changes: 100, bytes: 1e6 })
    const live = new LiveQueue(1e6)
    const figures = { file: "", drains: false, transactions: 0, bytes: 0, maxBytes: 0, trouble: null }
    const [chunk] = transaction(1, 1_000_000, ["orders"])
    if (chunk === undefined) return assert.fail("a transaction has a chunk")
    yield* handoff.offer([{ _tag: "Chunk", chunk }])
    yield* handoff.end
    yield* publish({
      archive: yield* Effect.provide(Archive, recording.layer),
      sequencer: new Sequencer({ seq: 0, endLsn: 0n, incarnation: 1 }),
      frontier: new Frontier(0n, { seq: 0, commitLsn: 0n }),
      handoff,
      live
    }).pipe(Effect.provideService(SpillGauge, { read: () => ({ ...figures, since: 1 }) }))
    assert.strictEqual(recording.transactions, 1)
    assert.strictEqual(live.droppedChanges, 1)
  }).pipe(Effect.provide(IngestState.layer))
)

it.effect("tells the archive of the next batch while one is appended, and appends both in order", () =>
  Effect.gen(function* () {
    const recording = new RecordingArchive()
    recording.incarnations = [randomIncarnation()]
    recording.open.closeUnsafe()
    const handoff = new Handoff({ waitingBytes: 1e6, changes: 2, bytes: 1e6 })
    const frontier = new Frontier(0n, { seq: 0, commitLsn: 0n })
    const items = [1, 2, 3, 4, 5]
      .flatMap((seq) => transaction(seq, seq * 1_000_000, ["orders"]))
      .map((chunk) => ({ _tag: "Chunk", chunk }) as const)
    yield* handoff.offer(items.slice(0, 3))
    const publishing = yield* Effect.forkChild(
      publish({
        archive: yield* Effect.provide(Archive, recording.layer),
        sequencer: new Sequencer({ seq: 0, endLsn: 0n, incarnation: 1 }),
        frontier,
        handoff,
        live: new LiveQueue(1e6)
      })
    )
    const seqs = () => recording.prepared.map((chunks) => chunks.map(({ seq }) => seq))
    yield* TestClock.adjust("1 milli")
    // Half a batch: it goes on collecting.
    assert.deepStrictEqual(seqs(), [])
    yield* handoff.offer(items.slice(3))
    yield* TestClock.adjust("1 milli")
    assert.deepStrictEqual(seqs(), [[3, 4]])
    assert.strictEqual(frontier.mark.seq, 0)

    recording.failAppends = 1
    yield* recording.open.open
    yield* handoff.end
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.join(publishing)
    assert.deepStrictEqual(
      recording.chunks.map(({ seq }) => seq),
      [1, 2, 3, 4, 5]
    )
    assert.strictEqual(frontier.mark.seq, 5)
  }).pipe(Effect.provide(IngestState.layer))
)
