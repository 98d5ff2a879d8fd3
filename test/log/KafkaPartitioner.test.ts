import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { partitionOf } from "../../src/log/kafka/Partitioner.ts"

const partitionOfText = (key: string, partitions: number): number => {
  const bytes = Buffer.from(`before${key}behind`)
  return partitionOf(bytes, 6, bytes.length - 6, partitions)
}

/** The definition: FNV-1a over UTF-16 code units. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

const WellFormed = Schema.String.check(Schema.makeFilter((text) => text.isWellFormed()))

describe("the partition of a key", () => {
  it("is what it was in the first version", () => {
    const keys = ['["public","orders",["1"]]', '["public","orders",["Größe"]]', '["public","orders",["🌍"]]']
    assert.deepStrictEqual(
      keys.map((key) => partitionOfText(key, 1_000_000)),
      [818828, 186194, 764314]
    )
  })

  it.prop("is by its UTF-16, though it lies there in UTF-8", [WellFormed], ([key]) => {
    assert.strictEqual(partitionOfText(key, 4099), hash(key) % 4099)
  })
})
