import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { absent, type Change, unchanged } from "../../src/domain/Change.ts"
import { eventsOf } from "../../src/domain/Event.ts"
import { makeRelation, type Relation } from "../../src/domain/Relation.ts"
import { changeOf, commitOf, openRecord, readHead } from "../../src/log/kafka/RecordDecoder.ts"
import { RecordEncoder, valueHead } from "../../src/log/kafka/RecordEncoder.ts"
import { PartJoiner, partLabel, splitValue } from "../../src/log/kafka/RecordParts.ts"
import { relationsOf } from "../../src/log/kafka/Relations.ts"
import { settingsForChanges, wrongForChanges, wrongForMeta } from "../../src/log/kafka/TopicRules.ts"
import { Dice } from "./Dice.ts"
import { RandomLog } from "./RandomLog.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const few = { arbitrary: { runs: 25 } }

describe("records", () => {
  it.prop(
    "say all of a change, and what others are told is the event",
    [Seed],
    ([seed]) => {
      const log = new RandomLog({ seed, incarnation: 1 + (seed % 2), largeOneIn: 0 })
      const chunks = log.transactions(30).flat()
      const known = new Map<string, Relation>(relationsOf(chunks).map((each) => [each.fingerprint, each]))
      const encoder = new RecordEncoder("shop")
      const begin = Buffer.from(valueHead("shop"))
      for (const chunk of chunks) {
        const events = eventsOf("shop", chunk)
        for (const [i, record] of encoder.encode(chunk, chunk.commit.commitTime + 7).entries()) {
          const bytes = Buffer.from(record.value)
          const { seq, incarnation } = chunk
          const ordinal = chunk.firstOrdinal + i
          assert.deepStrictEqual(readHead(begin, bytes), {
            seq,
            ordinal,
            count: chunk.commit.count,
            incarnation
          })
          const opened = openRecord(bytes)
          assert.deepStrictEqual(commitOf(opened), chunk.commit)
          assert.strictEqual(opened.logTime, chunk.commit.commitTime + 7)
          assert.deepStrictEqual(
            changeOf(opened, (fingerprint) => known.get(fingerprint)),
            chunk.changes[i]
          )
          const told = JSON.parse(record.value)
          for (const [name, expected] of Object.entries(events[i] ?? {})) {
            if (name === "truncate") assert.deepInclude(told.truncate, expected)
            else assert.deepStrictEqual(told[name], expected, name)
          }
          assert.doesNotThrow(() => JSON.parse(record.key))
        }
      }
    },
    few
  )

  it("keep text, null, unchanged and absent apart, whatever columns are called", () => {
    const names = ["id", "__proto__", "1", 'q"', "Größe", "constructor"]
    const columns = names.map((name, i) => ({ name, typeOid: 25, typmod: -1, typeName: "", key: i === 0 }))
    const relation = makeRelation({ schema: "s", name: "t", identity: "default", columns })
    const changes: ReadonlyArray<Change> = [
      { op: "insert", relation, after: ["1", null, "", "a\u2028\u0001\u007f", "🌍\\", "null"] },
      { op: "update", relation, before: null, after: ["1", unchanged, null, "x", unchanged, absent] },
      {
        op: "update",
        relation,
        before: ["0", absent, unchanged, null, "y", absent],
        after: ["1", "", "", "", "", ""]
      },
      { op: "delete", relation, before: ["1", absent, absent, absent, absent, absent] }
    ]
    const [head] = new RandomLog({ seed: 1 }).transaction(4)
    if (head === undefined) throw new Error("a transaction has a chunk")
    const encoded = new RecordEncoder("shop").encode({ ...head, firstOrdinal: 0, changes }, 0)
    const decoded = encoded.map(({ value }) => changeOf(openRecord(Buffer.from(value)), () => relation))
    assert.deepStrictEqual(decoded, changes)
    assert.strictEqual(encoded[0]?.key, '["s","t",["1"]]')
    assert.strictEqual(encoded[3]?.key, encoded[0]?.key)
  })

  it("of others are told by their beginning", () => {
    const begin = Buffer.from(valueHead("shop"))
    for (const value of [
      "",
      "no json",
      '{"source":"shop","seq":',
      '{"source":"shop","seq":1}',
      '{"source":"shop","seq":1,"ordinal":x',
      '{"source":"shops","seq":1,"ordinal":1,"tx_count":1,"incarnation":1,"a":1}'
    ]) {
      assert.isUndefined(readHead(begin, Buffer.from(value)), value)
    }
  })
})

describe("parts", () => {
  it.prop(
    "come together, also among those of another writer and after a beginning that we missed",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const value = Buffer.from(Array.from({ length: 1 + dice.below(200) }, () => dice.below(256)))
      const parts = splitValue(value, 1 + dice.below(20))
      const joiner = new PartJoiner()
      assert.isUndefined(joiner.add(partLabel(1, 3, "before"), value))
      const ends: Array<Buffer | undefined> = []
      for (const [i, part] of parts.entries()) {
        if (dice.oneIn(2)) joiner.add(partLabel(i, parts.length + 1, "other.1.0"), part)
        ends.push(joiner.add(partLabel(i, parts.length, "ours.1.0"), part))
      }
      assert.deepStrictEqual(ends.at(-1), value)
      assert.isTrue(ends.slice(0, -1).every((end) => end === undefined))
    }
  )
})

describe("TopicRules", () => {
  it("takes what we make, and refuses one replica in sync of several", () => {
    const settings = new Map(settingsForChanges(3, undefined, undefined))
    assert.isUndefined(wrongForChanges({ topic: "t", settings, replicas: 3 }))
    settings.set("min.insync.replicas", "1")
    const wrong = wrongForChanges({ topic: "t", settings, replicas: 3 })
    assert.strictEqual(wrong?._tag === "Unsuited" && wrong.fix.endsWith("min.insync.replicas=2"), true)
    assert.isUndefined(wrongForChanges({ topic: "t", settings, replicas: 1 }))
    assert.strictEqual(wrongForMeta({ topic: "t.meta", settings, replicas: 1 })?._tag, "Unsuited")
  })
})
