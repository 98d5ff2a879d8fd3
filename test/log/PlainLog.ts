import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import type { Brokers } from "./KafkaFixture.ts"
import { readWithKafkaJs } from "./KafkaJsReader.ts"
import { RandomLog } from "./RandomLog.ts"
import { countChanges } from "./ReadLog.ts"

/**
 * A log without statements that go to every partition: each change is one record. Of today: after a crash the broker
 * forgets producers whose last record is older than a day by its timestamp, and no longer removes their doubles.
 */
export const plainLog = (seed: number) => {
  const now = (Date.now() - 3_600_000) * 1000
  const log = new RandomLog({ seed, maxChanges: 30, after: { lsn: 0x1_5d00_0000n, time: now } })
  const message = { op: "message", prefix: "audit", content: "AAEC" } as const
  return (count: number): ReadonlyArray<ArchivedChunk> =>
    log
      .transactions(count)
      .flat()
      .map((chunk) => ({
        ...chunk,
        changes: chunk.changes.map((change) => (change.op === "truncate" ? message : change))
      }))
}

/** Each change once, in each partition in the order of the log, and every one as the archive was given it. */
export const assertStored = Effect.fnUntraced(function* (
  brokers: Brokers,
  topic: string,
  chunks: ReadonlyArray<ArchivedChunk>
) {
  const seen = yield* readWithKafkaJs(brokers, topic)
  const places = seen.map(({ value }) => `${value?.["seq"]}.${value?.["ordinal"]}`)
  assert.strictEqual(new Set(places).size, places.length, "a record is stored twice")
  assert.strictEqual(places.length, countChanges(chunks), "records are missing")
  const last = new Map<number, number>()
  for (const { partition, value } of seen) {
    const order = Number(value?.["seq"]) * 100_000 + Number(value?.["ordinal"])
    assert.isAbove(order, last.get(partition) ?? -1, `the order of partition ${partition}`)
    last.set(partition, order)
  }
})
