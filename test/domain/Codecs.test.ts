import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { absent, type Change, unchanged } from "../../src/domain/Change.ts"
import { decodeChanges, encodeChanges } from "../../src/domain/ChangeCodec.ts"
import { Event, eventsOf } from "../../src/domain/Event.ts"
import { formatLsn, hexLsn, maxLsn, parseLsn } from "../../src/domain/Lsn.ts"
import { formatMicros, parseMicros } from "../../src/domain/Micros.ts"
import { formatPosition, parsePosition } from "../../src/domain/Position.ts"
import { makeRelation } from "../../src/domain/Relation.ts"

const Unsigned64 = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: maxLsn }))
const Between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Places = Schema.Struct({
  incarnation: Between(1, 9999),
  commitLsn: Unsigned64,
  ordinal: Between(0, 9_999_999_999)
})

describe("Lsn", () => {
  it.prop("survives its text", [Unsigned64], ([lsn]) => {
    assert.strictEqual(parseLsn(formatLsn(lsn)), lsn)
  })

  it.prop("sorts as hex text as it sorts as a number", [Unsigned64, Unsigned64], ([a, b]) => {
    assert.strictEqual(hexLsn(a) < hexLsn(b), a < b)
  })

  it("refuses what is no LSN", () => {
    for (const text of ["", "0", "0/", "/0", "G/0", "0/123456789", "0/0 ", "-1/0"]) {
      assert.strictEqual(parseLsn(text), undefined, text)
    }
  })
})

describe("Position", () => {
  it.prop("survives its text", [Places], ([position]) => {
    assert.deepStrictEqual(parsePosition(formatPosition(position)), position)
  })

  it.prop("sorts as text in the order of the log", [Places, Places], ([a, b]) => {
    const before =
      a.incarnation !== b.incarnation
        ? a.incarnation < b.incarnation
        : a.commitLsn !== b.commitLsn
          ? a.commitLsn < b.commitLsn
          : a.ordinal < b.ordinal
    assert.strictEqual(formatPosition(a) < formatPosition(b), before)
  })
})

describe("Micros", () => {
  it.prop("survive their text", [Between(-2_208_988_800_000_000, 8_000_000_000_000_000)], ([micros]) => {
    assert.strictEqual(parseMicros(formatMicros(micros)), micros)
  })

  it("reads offsets and short fractions", () => {
    assert.strictEqual(parseMicros("1970-01-01T01:00:00.5+01:00"), 500_000)
    assert.strictEqual(parseMicros("1970-01-01T00:00:00Z"), 0)
    assert.strictEqual(parseMicros("1970-01-01"), undefined)
    assert.strictEqual(parseMicros("1970-13-01T00:00:00Z"), undefined)
  })

  it("refuses days and times that do not exist, whatever the offset", () => {
    const refused = [
      "2026-02-30T00:00:00Z",
      "2026-02-29T12:00:00+02:00",
      "2026-04-31T23:59:59-11:00",
      "2026-01-01T24:00:00Z"
    ]
    for (const text of refused) assert.strictEqual(parseMicros(text), undefined, text)
    const leapDay = parseMicros("2028-02-29T00:30:00+01:00")
    assert.strictEqual(leapDay, parseMicros("2028-02-28T23:30:00Z"))
  })
})

const column = (name: string, key: boolean) => ({ name, key, typeOid: 25, typmod: -1, typeName: "" })
const orders = makeRelation({
  schema: "shop",
  name: "orders",
  identity: "default",
  columns: [column("id", true), column("note", false), column("big", false)]
})
const items = makeRelation({ ...orders, name: "items" })

const changes: ReadonlyArray<Change> = [
  { op: "insert", relation: orders, after: ["1", null, ""] },
  { op: "update", relation: orders, before: null, after: ["1", "x", unchanged] },
  { op: "update", relation: orders, before: ["1", absent, absent], after: ["2", "1", unchanged] },
  { op: "delete", relation: items, before: ["2", absent, absent] },
  { op: "truncate", relations: [orders, items], cascade: true, restartIdentity: false },
  { op: "message", prefix: "p", content: "AAE=" }
]

describe("ChangeCodec", () => {
  it("keeps every change and every state of a cell", () => {
    const text = encodeChanges(changes)
    const known = new Map([orders, items].map((relation) => [relation.fingerprint, relation]))
    assert.deepStrictEqual(
      decodeChanges(text, (fingerprint) => known.get(fingerprint)),
      changes
    )
  })

  it("names an unknown schema version", () => {
    const text = encodeChanges(changes)
    assert.throws(() => decodeChanges(text, () => undefined), orders.fingerprint)
  })
})

describe("Relation", () => {
  it("gives a new shape a new fingerprint and an equal one the same", () => {
    assert.notStrictEqual(orders.fingerprint, items.fingerprint)
    assert.strictEqual(makeRelation({ ...orders }).fingerprint, orders.fingerprint)
    assert.notStrictEqual(makeRelation({ ...orders, identity: "full" }).fingerprint, orders.fingerprint)
  })
})

describe("Event", () => {
  const events = eventsOf("shop", {
    seq: 7,
    incarnation: 1,
    commit: {
      xid: 9,
      commitLsn: 0x1_0000_00ffn,
      endLsn: 0x1_0000_0200n,
      commitTime: 1,
      origin: null,
      count: 8
    },
    firstOrdinal: 2,
    changes,
    last: true,
    bytes: 1
  })

  it("is what its schema says", () => {
    assert.strictEqual(Schema.is(Schema.Array(Event))(events), true)
  })

  it("tells null, unchanged and not sent apart", () => {
    assert.deepStrictEqual(events[0]?.after, { id: "1", note: null, big: "" })
    assert.deepStrictEqual(events[1]?.unchanged, ["big"])
    assert.deepStrictEqual(events[1]?.after, { id: "1", note: "x" })
    assert.deepStrictEqual(events[2]?.before, { id: "1" })
  })

  it("names the row by its old key", () => {
    assert.deepStrictEqual(
      events.map((event) => event.key),
      [{ id: "1" }, { id: "1" }, { id: "1" }, { id: "2" }, null, null]
    )
  })

  it("numbers the changes of its chunk", () => {
    assert.strictEqual(events[0]?.position, "00000001000000FF-0000000002")
    assert.deepStrictEqual(
      events.map((event) => event.ordinal),
      [2, 3, 4, 5, 6, 7]
    )
  })
})
