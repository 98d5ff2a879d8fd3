import { assert, describe, it } from "@effect/vitest"
import { absent, type Change, type Row, unchanged } from "../../../src/domain/Change.ts"
import { formatMicros } from "../../../src/domain/Micros.ts"
import { makeRelation, type Relation } from "../../../src/domain/Relation.ts"
import { DecodeError } from "../../../src/ingest/DecodeError.ts"
import { PgoutputDecoder } from "../../../src/ingest/pgoutput/PgoutputDecoder.ts"
import type { ReplicationMessage } from "../../../src/ingest/ReplicationMessage.ts"
import { PgoutputEncoder as wire } from "../PgoutputEncoder.ts"
import { type PlainMessage, plainMessage } from "../PlainMessages.ts"

const makeDecoder = (excluded: ReadonlyArray<string> = []) => {
  const decoder = new PgoutputDecoder({ excluded: new Set(excluded), run: 1 })
  return (...messages: ReadonlyArray<Buffer>): ReadonlyArray<PlainMessage> => {
    const into: Array<ReplicationMessage> = []
    for (const message of messages) {
      // The transport overwrites its buffer as soon as the call returns.
      const lent = Buffer.from(message)
      decoder.decode(lent, into)
      lent.fill(0x78)
    }
    return into.map(plainMessage)
  }
}

const column = (name: string, typeOid: number, key = false, typeName = "") => ({
  name,
  typeOid,
  typmod: -1,
  typeName,
  key
})

const users = makeRelation({
  schema: "public",
  name: "users",
  identity: "default",
  columns: [column("id", 20, true), column("name", 25), column("bio", 25)]
})

const oid = () => 7

const fails = (run: () => unknown, kind: string, detail: RegExp) => {
  try {
    run()
  } catch (error) {
    assert.instanceOf(error, DecodeError)
    assert.strictEqual(error.kind, kind)
    assert.match(error.detail, detail)
    return
  }
  assert.fail("decoded")
}

const insert = (after: Row, relation: Relation = users): Change => ({ op: "insert", relation, after })

describe("what PostgreSQL 15 sent", () => {
  // CREATE TABLE g.a (id int PRIMARY KEY, note text, m g.mood, big text); g.f (x int, y text) has REPLICA IDENTITY FULL
  const capture = [
    "4200000000016805a0000303e19bf867fb00000316",
    "590000405c67006d6f6f6400",
    "520000405f670061006400040169640000000017ffffffff006e6f74650000000019ffffffff006d000000405cffffffff006269670000000019ffffffff",
    "490000405f4e00047400000001337400000002c3a974000000037361647400000000",
    "490000405f4e000474000000013474000000006e6e",
    "550000405f4e000474000000013174000000016e740000000373616475",
    "550000405f4b00047400000001346e6e6e4e000474000000013574000000006e6e",
    "440000405f4b00047400000001336e6e6e",
    "430000000000016805a000000000016805d0000303e19bf867fb",
    "4d000000000001682d307000000000036e6f77",
    "420000000001682d30000303e19bf87aff00000318",
    "52000040666700660066000201780000000017ffffffff01790000000019ffffffff",
    "49000040664e00027400000001316e",
    "55000040664f00027400000001316e4e000274000000013174000000017a",
    "44000040664f000274000000013174000000017a",
    "5400000002030000405f00004066",
    "4d010000000001682cf87000000000027478",
    "4f00000000000000006f3100",
    "43000000000001682d300000000001682f70000303e19bf87aff"
  ]
  const a = makeRelation({
    schema: "g",
    name: "a",
    identity: "default",
    columns: [
      column("id", 23, true),
      column("note", 25),
      column("m", 16476, false, "g.mood"),
      column("big", 25)
    ]
  })
  const f = makeRelation({
    schema: "g",
    name: "f",
    identity: "full",
    columns: [column("x", 23, true), column("y", 25, true)]
  })
  const expected: ReadonlyArray<PlainMessage | Change> = [
    { _tag: "Begin", xid: 790, commitLsn: 0x16805a0n, commitTime: 1_795_377_249_404_923 },
    { _tag: "Relation", relation: a },
    { op: "insert", relation: a, after: ["3", "é", "sad", ""] },
    { op: "insert", relation: a, after: ["4", "", null, null] },
    { op: "update", relation: a, before: null, after: ["1", "n", "sad", unchanged] },
    { op: "update", relation: a, before: ["4", absent, absent, absent], after: ["5", "", null, null] },
    { op: "delete", relation: a, before: ["3", absent, absent, absent] },
    { _tag: "Commit", commitLsn: 0x16805a0n, endLsn: 0x16805d0n, commitTime: 1_795_377_249_404_923 },
    { _tag: "Message", lsn: 0x1682d30n, prefix: "p", content: "bm93" },
    { _tag: "Begin", xid: 792, commitLsn: 0x1682d30n, commitTime: 1_795_377_249_409_791 },
    { _tag: "Relation", relation: f },
    { op: "insert", relation: f, after: ["1", null] },
    { op: "update", relation: f, before: ["1", null], after: ["1", "z"] },
    { op: "delete", relation: f, before: ["1", "z"] },
    { op: "truncate", relations: [a, f], cascade: true, restartIdentity: true },
    { op: "message", prefix: "p", content: "dHg=" },
    { _tag: "Origin", name: "o1" },
    { _tag: "Commit", commitLsn: 0x1682d30n, endLsn: 0x1682f70n, commitTime: 1_795_377_249_409_791 }
  ]

  it("is decoded", () => {
    const messages = makeDecoder()(...capture.map((hex) => Buffer.from(hex, "hex")))
    const plain = messages.map((message) => (message._tag === "Change" ? message.change : message))
    assert.deepStrictEqual(plain, [...expected])
    assert.strictEqual(formatMicros(1_795_377_249_404_923), "2026-11-22T19:54:09.404923Z")
  })

  it("tells each change's size on the wire", () => {
    const messages = makeDecoder()(...capture.map((hex) => Buffer.from(hex, "hex")))
    const sizes = messages.flatMap((message) => (message._tag === "Change" ? [message.bytes] : []))
    assert.deepStrictEqual(sizes.slice(0, 3), [34, 21, 29])
  })
})

describe("changes that follow each other", () => {
  const other = makeRelation({
    schema: "public",
    name: "other",
    identity: "full",
    columns: [column("id", 23, true)]
  })
  const numbered = ({ name }: Relation) => (name === "other" ? 8 : 7)
  const update: Change = { op: "update", relation: users, before: null, after: ["1", "b", unchanged] }
  const made: ReadonlyArray<Change> = [
    insert(["1", "a", null]),
    update,
    { op: "delete", relation: users, before: ["1", absent, absent] },
    insert(["1"], other),
    insert(["2", "a", null]),
    insert(["3", "a", null])
  ]

  it("are one message as long as they are of one table and nobody has looked at it", () => {
    const decoder = new PgoutputDecoder({ excluded: new Set(), run: 3 })
    const messages: Array<ReplicationMessage> = []
    for (const relation of [users, other]) decoder.decode(wire.relation(0, numbered(relation), relation), [])
    for (const change of made) decoder.decode(wire.change(0, change, numbered), messages)
    const runs = messages.flatMap((message) => (message._tag === "Change" ? [message] : []))
    assert.deepStrictEqual(
      runs.map(({ change }) => change.count),
      [3, 1, 2]
    )
    decoder.decode(wire.change(0, update, numbered), messages)
    assert.strictEqual(messages.length, 4)
    assert.deepStrictEqual(
      runs.flatMap(({ change }) => change.unpack()),
      [...made]
    )
    assert.deepStrictEqual(runs[0]?.change.operations, {
      insert: 1,
      update: 1,
      delete: 1,
      truncate: 0,
      message: 0
    })
    const size = (change: Change) => wire.change(0, change, numbered).length
    assert.strictEqual(
      runs[0]?.bytes,
      made.slice(0, 3).reduce((sum, change) => sum + size(change), 0)
    )
  })

  it("of two subtransactions stay apart", () => {
    const decoder = new PgoutputDecoder({ excluded: new Set() })
    const messages: Array<ReplicationMessage> = []
    decoder.decode(wire.streamStart(5, true), messages)
    decoder.decode(wire.relation(5, 7, users), messages)
    for (const xid of [5, 6, 6]) decoder.decode(wire.change(xid, update, oid), messages)
    const xids = messages.flatMap((message) => (message._tag === "Change" ? [message.xid] : []))
    assert.deepStrictEqual(xids, [5, 6])
  })
})

describe("values", () => {
  it("come whole whatever their length and alphabet", () => {
    const decode = makeDecoder()
    decode(wire.relation(0, 7, users))
    const texts = [
      "",
      "a",
      "é",
      "\u007f\u0080",
      "漢字",
      "😀",
      "x".repeat(127),
      "x".repeat(128),
      "x".repeat(129)
    ]
    for (const text of [...texts, "ü".repeat(64), "ü".repeat(5000), "y".repeat(20_000), "\uFFFD", "\uFEFF"]) {
      const change = insert([text, null, `${text}|${text}`])
      assert.deepStrictEqual(decode(wire.change(0, change, oid)), [
        { _tag: "Change", xid: 0, change, bytes: wire.change(0, change, oid).length }
      ])
    }
  })

  it("that are not UTF-8 are refused", () => {
    const decode = makeDecoder()
    decode(wire.relation(0, 7, users))
    const message = wire.change(0, insert(["1", "é", null]), oid)
    message[message.indexOf(0xc3)] = 0xff
    fails(() => decode(message), "Insert", /UTF-8/)
  })

  it("in binary form, and inserted ones that were not sent, are refused", () => {
    const decode = makeDecoder()
    decode(wire.relation(0, 7, users))
    const message = wire.change(0, insert(["1", null, null]), oid)
    message[message.indexOf(0x74)] = 0x62
    fails(() => decode(message), "Insert", /0x62/)
    fails(() => decode(wire.change(0, insert(["1", unchanged, null]), oid)), "Insert", /not sent/)
  })

  it("keeps ids and types unsigned, and times before 2000", () => {
    const big = 0xffff_fff0
    const relation = makeRelation({ ...users, columns: [column("id", big, true)] })
    const decode = makeDecoder()
    assert.deepStrictEqual(decode(wire.relation(0, big, relation)), [{ _tag: "Relation", relation }])
    assert.deepStrictEqual(decode(wire.change(0, insert(["1"], relation), () => big))[0]?._tag, "Change")
    const begin = { _tag: "Begin" as const, xid: big, commitLsn: 0xffff_ffff_ffff_fff0n, commitTime: -1 }
    assert.deepStrictEqual(decode(wire.begin(begin.commitLsn, begin.commitTime, begin.xid)), [begin])
  })
})

describe("excluded columns", () => {
  it("leave relations and rows before anything sees them", () => {
    const decode = makeDecoder(["public.users.name", "public.other.bio"])
    const kept = makeRelation({ ...users, columns: [column("id", 20, true), column("bio", 25)] })
    assert.deepStrictEqual(decode(wire.relation(0, 7, users)), [{ _tag: "Relation", relation: kept }])
    const changes = decode(
      wire.change(0, insert(["1", "secret", "b"]), oid),
      wire.change(
        0,
        { op: "update", relation: users, before: null, after: ["1", unchanged, unchanged] },
        oid
      ),
      wire.change(
        0,
        { op: "update", relation: users, before: ["1", absent, absent], after: ["2", null, "c"] },
        oid
      ),
      wire.change(0, { op: "delete", relation: users, before: ["2", absent, absent] }, oid)
    )
    assert.deepStrictEqual(
      changes.map((message) => (message._tag === "Change" ? message.change : null)),
      [
        { op: "insert", relation: kept, after: ["1", "b"] },
        { op: "update", relation: kept, before: null, after: ["1", unchanged] },
        { op: "update", relation: kept, before: ["1", absent], after: ["2", "c"] },
        { op: "delete", relation: kept, before: ["2", absent] }
      ]
    )
    assert.notInclude(JSON.stringify(changes), "secret")
  })
})

describe("relations", () => {
  const altered = makeRelation({ ...users, columns: [...users.columns, column("more", 25)] })

  it("are announced when their shape is new, and stay the same object while it is not", () => {
    const decode = makeDecoder()
    const [first] = decode(wire.relation(0, 7, users))
    assert.deepStrictEqual(decode(wire.relation(0, 7, users)), [])
    const [change] = decode(wire.change(0, insert(["1", null, null]), oid))
    assert.strictEqual(
      change?._tag === "Change" && change.change.op === "insert" && change.change.relation,
      first?._tag === "Relation" && first.relation
    )
    assert.strictEqual(decode(wire.relation(0, 7, altered)).length, 1)
  })

  it("described inside a stream hold for that transaction only until it commits", () => {
    const decode = makeDecoder()
    const row = insert(["1", null, null])
    const wider = insert(["1", null, null, null], altered)
    decode(wire.relation(0, 7, users))
    decode(
      wire.streamStart(5, true),
      wire.relation(5, 7, altered),
      wire.change(5, wider, oid),
      wire.streamStop()
    )
    decode(wire.begin(1n, 0, 6), wire.change(0, row, oid), wire.commit(1n, 2n, 0))
    decode(wire.streamStart(5, false), wire.change(5, wider, oid), wire.streamStop())
    decode(wire.streamCommit(5, 3n, 4n, 0))
    decode(wire.begin(5n, 0, 7), wire.change(0, wider, oid), wire.commit(5n, 6n, 0))
    fails(() => decode(wire.change(0, row, oid)), "Insert", /3 columns, but the relation has 4/)
  })

  it("described inside a stream are gone when it or a part of it aborts", () => {
    for (const subxid of [5, 8]) {
      const decode = makeDecoder()
      decode(
        wire.streamStart(5, true),
        wire.relation(8, 7, altered),
        wire.streamStop(),
        wire.streamAbort(5, subxid)
      )
      decode(wire.streamStart(subxid === 5 ? 9 : 5, subxid === 5))
      fails(
        () => decode(wire.change(8, insert(["1", null, null, null], altered), oid)),
        "Insert",
        /never described/
      )
    }
  })

  it("do not replace a newer description when their transaction commits", () => {
    const decode = makeDecoder()
    decode(wire.streamStart(5, true), wire.relation(5, 7, users), wire.streamStop())
    decode(wire.relation(0, 7, altered), wire.streamCommit(5, 3n, 4n, 0))
    assert.strictEqual(decode(wire.change(0, insert(["1", null, null, null], altered), oid)).length, 1)
  })
})

describe("malformed messages", () => {
  const decoding = (message: Buffer) => () => {
    const decode = makeDecoder()
    decode(wire.relation(0, 7, users))
    decode(message)
  }
  const row = wire.change(0, insert(["1", "secret", null]), oid)

  it("name their kind and place, never a value", () => {
    fails(decoding(row.subarray(0, 20)), "Insert", /bytes expected/)
    fails(decoding(Buffer.concat([row, Buffer.of(0)])), "Insert", /1 bytes too many/)
    fails(decoding(Buffer.alloc(0)), "Unknown", /expected/)
    fails(decoding(Buffer.of(0x7a)), "Unknown", /0x7a/)
    try {
      decoding(row.subarray(0, row.length - 1))()
      assert.fail("decoded")
    } catch (error) {
      assert.instanceOf(error, DecodeError)
      assert.notInclude(JSON.stringify(error) + error.message, "secret")
      assert.strictEqual(error.message, "pgoutput Insert message, at 25: 1 bytes expected, 0 left")
    }
  })

  it("are refused out of place", () => {
    const decode = makeDecoder()
    fails(() => decode(wire.streamStop()), "StreamStop", /no stream/)
    decode(wire.streamStart(9, true))
    fails(() => decode(wire.streamStart(9, false)), "StreamStart", /inside the stream of 9/)
    fails(() => decode(wire.commit(1n, 2n, 0)), "Commit", /inside/)
    fails(() => decode(wire.streamCommit(9, 1n, 2n, 0)), "StreamCommit", /inside/)
    fails(() => decode(wire.streamAbort(9, 9)), "StreamAbort", /inside/)
  })
})
