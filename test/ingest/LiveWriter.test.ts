import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
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

it.effect(
  "the live writer tells an outage once and its end once, and then writes what waited in one append",
  () =>
    Effect.gen(function* () {
      const swallowing = yield* LiveBuffer
      let isUp = true
      let tries = 0
      const appends: Array<ReadonlyArray<number>> = []
      const buffer = Layer.succeed(LiveBuffer, {
        ...swallowing,
        append: (chunks) =>
          Effect.suspend(() => {
            tries += 1
            if (!isUp) {
              const reason = { _tag: "Unavailable", detail: "no answer" } as const
              return Effect.fail(new LogError({ store: "redis", reason }))
            }
            appends.push(chunks.map(({ seq }) => seq))
            return Effect.void
          })
      })
      const told: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        if (logLevel !== "Debug") told.push(`${logLevel} ${String(message)}`)
      })
      const queue = new LiveQueue(1000)
      yield* Effect.forkChild(
        Effect.provide(writeLive(queue), Layer.mergeAll(buffer, Logger.layer([logger]))),
        { startImmediately: true }
      )
      const outage = Effect.fnUntraced(function* (first: number) {
        isUp = false
        queue.append([archived(first)], 10)
        yield* TestClock.adjust("60 seconds")
        queue.append([archived(first + 1)], 10)
        queue.append([archived(first + 2)], 10)
        isUp = true
        yield* TestClock.adjust("60 seconds")
      })
      yield* outage(1)
      assert.isAbove(tries, 10)
      assert.deepStrictEqual(appends, [[1], [2, 3]])
      assert.strictEqual(told.length, 2)
      assert.include(told[0], "Warn the live buffer waits: redis: the store does not answer: no answer")
      assert.match(told[1] ?? "", /^Info the live buffer goes on after 6\d s$/u)
      yield* outage(4)
      assert.strictEqual(told.length, 4)
    }).pipe(Effect.provide([IngestState.layer, new RecordingArchive().layer, swallowingBuffer]))
)
