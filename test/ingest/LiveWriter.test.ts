import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import { LiveQueue } from "../../src/ingest/LiveQueue.ts"
import { writeLive } from "../../src/ingest/LiveWriter.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LogError } from "../../src/log/LogError.ts"
import { RecordingArchive, swallowingBuffer } from "./RecordingArchive.ts"
import { chunk } from "./SmallChunks.ts"

const archived = (seq: number): ArchivedChunk => ({ ...chunk(seq), seq, incarnation: 1 })

it.effect("the live writer waits for a buffer that does not answer, and then writes in order", () =>
  Effect.gen(function* () {
    const swallowing = yield* LiveBuffer
    const written: Array<number | string> = []
    let failures = 2
    const buffer = Layer.succeed(LiveBuffer, {
      ...swallowing,
      append: (chunks) =>
        Effect.suspend(() => {
          if (failures-- > 0) {
            return Effect.fail(new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "" } }))
          }
          written.push(...chunks.map(({ seq }) => seq))
          return Effect.void
        }),
      advance: (time) =>
        Effect.sync(() => {
          written.push(`until ${time}`)
        })
    })
    const queue = new LiveQueue(1000)
    yield* Effect.forkChild(Effect.provide(writeLive(queue), buffer), { startImmediately: true })
    queue.append([archived(1)], 10)
    queue.advance(1)
    queue.append([archived(2)], 10)
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(written, [1, "until 1", 2])
    assert.strictEqual((yield* (yield* IngestState).figures).liveChanges, 2)
  }).pipe(Effect.provide([IngestState.layer, new RecordingArchive().layer, swallowingBuffer]))
)
