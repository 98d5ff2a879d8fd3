import { assert, describe, it } from "@effect/vitest"
import { crc32c, Reader, readRecordsBatch } from "@platformatic/kafka"
import { Schema } from "effect"
import { BufferPool } from "../../src/log/kafka/BufferPool.ts"
import { RecordBatch, type RecordHeader } from "../../src/log/kafka/RecordBatch.ts"
import { Dice } from "./Dice.ts"

const pair = ({ key, value }: RecordHeader): [Buffer | null, Buffer | null] => [key, value]

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const compressions = ["none", "lz4", "snappy", "zstd"] as const

describe("a batch of records", () => {
  it.prop("is what was put in, for whoever reads the format", [Seed], ([seed]) => {
    const dice = new Dice(seed)
    const some = (most: number) =>
      Buffer.from(Array.from({ length: dice.below(most) }, () => dice.below(256)))
    const compression = compressions[seed % compressions.length] ?? "none"
    const pool = new BufferPool()
    for (let used = dice.below(3); used > 0; used--) {
      const before = new RecordBatch(pool, compression)
      const bytes = some(90_000)
      before.append(0, { bytes, start: 0, keyEnd: 0, end: bytes.length })
      before.release()
    }
    const batch = new RecordBatch(pool, compression)
    const expected = Array.from({ length: 1 + dice.below(40) }, (_, offsetDelta) => {
      // Decades apart, in any order: more than 32 bits of milliseconds.
      const timestamp = 1_000_000_000_000 + dice.below(1_000_000) * 1_000_000
      const [key, content] = [some(300), some(dice.oneIn(5) ? 40_000 : 300)]
      const value = dice.oneIn(10) ? null : content
      const header = dice.oneIn(5) ? { key: some(20), value: some(200) } : undefined
      const before = some(10)
      const bytes = Buffer.concat([before, key, ...(value === null ? [] : [value]), some(10)])
      const start = before.length
      const keyEnd = start + key.length
      batch.append(
        timestamp,
        { bytes, start, keyEnd, end: value === null ? null : keyEnd + value.length },
        header
      )
      return {
        offsetDelta,
        timestamp,
        key,
        value,
        headers: header === undefined ? [] : [pair(header)]
      }
    })
    const origin = { producerId: 7n, producerEpoch: 3, sequence: 2 ** 31 - 1 }
    const bytes = batch.seal(origin)
    const read = readRecordsBatch(Reader.from(Buffer.from(bytes)))
    assert.strictEqual(read.length, bytes.length - 12)
    assert.strictEqual(read.crc, crc32c(bytes.subarray(21)))
    assert.deepStrictEqual(
      [read.magic, read.producerId, read.producerEpoch, read.firstSequence, read.lastOffsetDelta],
      [2, 7n, 3, 2 ** 31 - 1, expected.length - 1]
    )
    assert.strictEqual(Number(read.maxTimestamp), Math.max(...expected.map(({ timestamp }) => timestamp)))
    assert.deepStrictEqual(
      read.records.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
        offsetDelta,
        timestamp: Number(read.firstTimestamp + timestampDelta),
        key,
        value,
        headers
      })),
      expected
    )
  })
})
