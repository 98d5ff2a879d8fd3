import { assert } from "@effect/vitest"
import { Context, Effect, Layer, Stream } from "effect"
import type { Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LiveBufferRedis, type LiveBufferRedisOptions } from "../../src/log/LiveBufferRedis.ts"
import type { LogError, LogErrorReason } from "../../src/log/LogError.ts"
import type { TestRedis } from "../servers/TestRedis.ts"

type Buffer = LiveBuffer["Service"]

export const streamKey = "walstream:events"
export const booksKey = "{walstream:events}:state"

/** A buffer as a process of its own would have it. */
export const openBuffer = (redis: Pick<TestRedis, "url">, options: Partial<LiveBufferRedisOptions> = {}) =>
  Layer.build(
    LiveBufferRedis.layer({
      url: redis.url,
      key: streamKey,
      source: "shop",
      history: Effect.succeed("first"),
      deadline: 1000,
      maxChanges: 100_000,
      maxBytes: 100_000_000,
      ...options
    })
  ).pipe(Effect.map((context) => Context.get(context, LiveBuffer)))

export const readRange = (buffer: Buffer, from: number | Position, end: number) =>
  buffer.read(typeof from === "number" ? { seq: from, ordinal: 0 } : from, end).pipe(
    Stream.runCollect,
    Effect.map((pages): ReadonlyArray<ArchivedChunk> => pages.flat())
  )

/** First and next seq. */
export const held = (buffer: Buffer) =>
  Effect.map(buffer.coverage, ({ firstSeq, nextSeq }) => [firstSeq, nextSeq] as const)

export const isEmpty = (buffer: Buffer) =>
  Effect.map(buffer.coverage, ({ firstSeq, nextSeq }) => assert.strictEqual(firstSeq, nextSeq))

export const fails = (tag: LogErrorReason["_tag"], effect: Effect.Effect<unknown, LogError>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error.reason._tag, tag, error.message)
    return error
  })
