import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { absent, type Change, unchanged } from "../../src/domain/Change.ts"
import { eventsOf } from "../../src/domain/Event.ts"
import { makeRelation, type Relation } from "../../src/domain/Relation.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { changeOf, commitOf, openRecord, readHead } from "../../src/log/kafka/RecordDecoder.ts"
import { RecordEncoder, valueHead } from "../../src/log/kafka/RecordEncoder.ts"
import { PartJoiner, partLabel, splitValue } from "../../src/log/kafka/RecordParts.ts"
import { relationsOf } from "../../src/log/kafka/Relations.ts"
import {
  settingsForChanges,
  weakness,
  wrongForChanges,
  wrongForMeta
} from "../../src/log/kafka/TopicRules.ts"
import { Dice } from "./Dice.ts"
import { RandomLog } from "./RandomLog.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const chunkOf = (changes: ReadonlyArray<Change>): ArchivedChunk => {
  const [head] = new RandomLog({ seed: 1 }).transaction(1)
  if (head === undefined) throw new Error("a transaction has a chunk")
  const { seq, incarnation, commit } = head
  return { seq, incarnation, commit, firstOrdinal: 0, last: true, bytes: 1, changes }
}

/** The records of a chunk as texts. */
const recordsOf = (encoder: RecordEncoder, chunk: ArchivedChunk, logTime: number) => {
  const records: Array<{ readonly key: string; readonly value: string; readonly everywhere: boolean }> = []
  encoder.encode(chunk, logTime, ({ bytes, start, keyEnd, end, everywhere }) => {
    records.push({
      key: bytes.toString("utf8", start, keyEnd),
      value: bytes.toString("utf8", keyEnd, end),
      everywhere
    })
  })
  return records
}

/** As docs/kafka.md has it. */
const keyOf = (change: Change | undefined): string => {
  if (change === undefined || change.op === "truncate") return '["truncate"]'
  if (change.op === "message") return JSON.stringify(["message", change.prefix])
  const { schema, name, columns } = change.relation
  const row =
    change.op === "insert" ? change.after : (change.before ?? (change.op === "update" ? change.after : []))
  return JSON.stringify([schema, name, columns.flatMap(({ key }, i) => (key ? [row[i]] : []))])
}

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
        for (const [i, record] of recordsOf(encoder, chunk, chunk.commit.commitTime + 7).entries()) {
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
          assert.strictEqual(record.key, keyOf(chunk.changes[i]))
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
    const encoded = recordsOf(new RecordEncoder("shop"), chunkOf(changes), 0)
    const decoded = encoded.map(({ value }) => changeOf(openRecord(Buffer.from(value)), () => relation))
    assert.deepStrictEqual(decoded, changes)
    assert.strictEqual(encoded[0]?.key, '["s","t",["1"]]')
    assert.strictEqual(encoded[3]?.key, encoded[0]?.key)
  })

  it("have the hash of a key in its place when it is long", () => {
    const columns = ["id", "text"].map((name) => ({ name, typeOid: 25, typmod: -1, typeName: "", key: true }))
    const relation = makeRelation({ schema: "s", name: "t", identity: "default", columns })
    const insert = (text: string): Change => ({ op: "insert", relation, after: ["1", text] })
    // The bound is in UTF-16, as the first version had it: more bytes, but no longer.
    const within = "ö".repeat(1024 - '["s","t",["1",""]]'.length)
    const keys = recordsOf(new RecordEncoder("shop"), chunkOf([insert(within), insert(`${within}o`)]), 0)
    const hash = createHash("sha256").update(JSON.stringify(["s", "t", ["1", `${within}o`]]))
    assert.deepStrictEqual(
      keys.map(({ key }) => JSON.parse(key)),
      [
        ["s", "t", ["1", within]],
        ["s", "t", [`sha256:${hash.digest("base64")}`]]
      ]
    )
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
      assert.isUndefined(joiner.add(partLabel(1, 3, "before"), value, 0))
      const ends: Array<ReturnType<typeof joiner.add>> = []
      for (const [i, part] of parts.entries()) {
        if (dice.oneIn(2)) joiner.add(partLabel(i, parts.length + 1, "other.1.0"), part, 5)
        ends.push(joiner.add(partLabel(i, parts.length, "ours.1.0"), part, 10 + i))
      }
      // A reader that begins at its first part finds it.
      assert.deepStrictEqual(ends.at(-1), { offset: 10, value })
      assert.isTrue(ends.slice(0, -1).every((end) => end === undefined))
    }
  )
})

describe("TopicRules", () => {
  const wanted = { replicas: 1, inSync: 2 }
  const fixOf = (wrong: ReturnType<typeof wrongForChanges>) => (wrong?._tag === "Unsuited" ? wrong.fix : "")

  it("takes what we make, and refuses one replica in sync of several", () => {
    const settings = new Map(settingsForChanges(3, 2, undefined, undefined))
    assert.isUndefined(wrongForChanges({ topic: "t", settings, replicas: 3 }, wanted))
    settings.set("min.insync.replicas", "1")
    const wrong = wrongForChanges({ topic: "t", settings, replicas: 3 }, wanted)
    assert.isTrue(fixOf(wrong).endsWith("min.insync.replicas=2"))
    assert.isUndefined(wrongForChanges({ topic: "t", settings, replicas: 1 }, wanted))
    assert.strictEqual(wrongForMeta({ topic: "t.meta", settings, replicas: 1 }, wanted)?._tag, "Unsuited")
  })

  it("refuses fewer replicas, or fewer in sync, than are asked for, and more in sync than there are", () => {
    const settings = new Map(settingsForChanges(3, 2, undefined, undefined))
    const shape = { topic: "t", settings, replicas: 3 }
    assert.include(fixOf(wrongForChanges({ ...shape, replicas: 1 }, { replicas: 3, inSync: 2 })), "reassign")
    assert.isTrue(fixOf(wrongForChanges(shape, { replicas: 3, inSync: 3 })).endsWith("min.insync.replicas=3"))
    assert.isTrue(fixOf(wrongForChanges({ ...shape, replicas: 1 }, wanted)).endsWith("min.insync.replicas=1"))
    settings.set("unclean.leader.election.enable", "true")
    assert.isTrue(fixOf(wrongForChanges(shape, wanted)).endsWith("unclean.leader.election.enable=false"))
  })

  it("says what is allowed and weak: one replica of several brokers, and none to spare", () => {
    const of = (replicas: number) => ({
      topic: "t",
      settings: new Map(settingsForChanges(replicas, 2, undefined, undefined)),
      replicas
    })
    assert.isUndefined(weakness(of(1), 1))
    assert.include(weakness(of(1), 3), "one replica, though there are 3 brokers")
    assert.include(weakness(of(2), 2), "capture waits while any of these brokers is away")
    assert.isUndefined(weakness(of(3), 3))
  })
})
