import { assert, describe, it } from "@effect/vitest"
import { absent, type Change, type RowChange, unchanged } from "../../../src/domain/Change.ts"
import type { Relation } from "../../../src/domain/Relation.ts"
import { DecodeError } from "../../../src/ingest/DecodeError.ts"
import type { ReplicationMessage } from "../../../src/ingest/ReplicationMessage.ts"
import { Wal2JsonDecoder } from "../../../src/ingest/wal2json/Wal2JsonDecoder.ts"
import { wal2jsonOptions } from "../../../src/ingest/wal2json/Wal2JsonOptions.ts"

const makeDecoder = (excluded: ReadonlyArray<string> = []) => {
  const decoder = new Wal2JsonDecoder({ excluded: new Set(excluded) })
  return (...lines: ReadonlyArray<string>): ReadonlyArray<ReplicationMessage> => {
    const into: Array<ReplicationMessage> = []
    for (const line of lines) decoder.decode(Buffer.from(line), into)
    return into
  }
}

const changesOf = (messages: ReadonlyArray<ReplicationMessage>): ReadonlyArray<Change> =>
  messages.flatMap((message) => (message._tag === "Change" ? message.change.unpack() : []))

const rowOf = (messages: ReadonlyArray<ReplicationMessage>): RowChange => {
  const [change] = changesOf(messages)
  if (change === undefined || change.op === "truncate" || change.op === "message")
    return assert.fail("no row")
  return change
}

/** `full: id*,note*`: the identity, the columns, and which of them are in it. */
const shapeOf = ({ identity, columns }: Relation): string =>
  `${identity}: ${columns.map((column) => `${column.name}${column.key ? "*" : ""}`).join(",")}`

const oids: Readonly<Record<string, number>> = { integer: 23, bytea: 17, boolean: 16, numeric: 1700 }

/** `name=value` pairs as the plugin writes them; the value is JSON. */
const columns = (pairs: Readonly<Record<string, string>>, type = "text") =>
  JSON.stringify(
    Object.entries(pairs).map(([name, value]) => ({ name, type, typeoid: oids[type] ?? 25, value }))
  ).replaceAll(/"value":"((?:[^"\\]|\\.)*)"/gu, (_, value: string) => `"value":${JSON.parse(`"${value}"`)}`)

interface Parts {
  readonly columns?: string
  readonly identity?: string
  readonly pk?: ReadonlyArray<string>
}

const record = (action: "I" | "U" | "D", parts: Parts) =>
  `{"action":"${action}","xid":1,"timestamp":"2026-11-22 19:54:09.404923+00","origin":0,"lsn":"0/10","schema":"s","table":"t"` +
  (parts.columns === undefined ? "" : `,"columns":${parts.columns}`) +
  (parts.identity === undefined ? "" : `,"identity":${parts.identity}`) +
  `,"pk":${JSON.stringify((parts.pk ?? []).map((name) => ({ name, type: "text", typeoid: 25 })))}}`

const truncate = (table: string, lsn: string) =>
  `{"action":"T","xid":1,"timestamp":"2026-11-22 19:54:09+00","origin":0,"lsn":"${lsn}","schema":"s","table":"${table}"}`

const commit =
  '{"action":"C","xid":790,"timestamp":"2026-11-22 19:54:09.4+00","origin":0,"lsn":"0/16805A0","nextlsn":"0/16805D0"}'

describe("what PostgreSQL 15 with wal2json 2.5 sent", () => {
  it("is decoded", () => {
    const messages = makeDecoder()(
      '{"action":"B","xid":790,"timestamp":"2026-11-22 19:54:09.404923+00","origin":2,"lsn":"0/16805A0","nextlsn":"0/16805D0"}',
      '{"action":"I","xid":790,"timestamp":"2026-11-22 19:54:09.404923+00","origin":2,"lsn":"0/1680328","schema":"g","table":"a","columns":[{"name":"id","type":"integer","typeoid":23,"value":3},{"name":"note","type":"text","typeoid":25,"value":"é"},{"name":"m","type":"g.mood","typeoid":16476,"value":"sad"},{"name":"big","type":"text","typeoid":25,"value":""}],"pk":[{"name":"id","type":"integer","typeoid":23}]}',
      '{"action":"U","xid":790,"timestamp":"2026-11-22 19:54:09.404923+00","origin":2,"lsn":"0/1680468","schema":"g","table":"a","columns":[{"name":"id","type":"integer","typeoid":23,"value":1},{"name":"note","type":"text","typeoid":25,"value":"n"},{"name":"m","type":"g.mood","typeoid":16476,"value":"sad"}],"identity":[{"name":"id","type":"integer","typeoid":23,"value":1}],"pk":[{"name":"id","type":"integer","typeoid":23}]}',
      '{"action":"U","xid":790,"timestamp":"2026-11-22 19:54:09.404923+00","origin":2,"lsn":"0/16804C8","schema":"g","table":"a","columns":[{"name":"id","type":"integer","typeoid":23,"value":5},{"name":"note","type":"text","typeoid":25,"value":""},{"name":"m","type":"g.mood","typeoid":16476,"value":null},{"name":"big","type":"text","typeoid":25,"value":null}],"identity":[{"name":"id","type":"integer","typeoid":23,"value":4}],"pk":[{"name":"id","type":"integer","typeoid":23}]}',
      '{"action":"D","xid":790,"timestamp":"2026-11-22 19:54:09.404923+00","origin":2,"lsn":"0/1680560","schema":"g","table":"a","identity":[{"name":"id","type":"integer","typeoid":23,"value":3}],"pk":[{"name":"id","type":"integer","typeoid":23}]}',
      '{"action":"M","xid":790,"timestamp":"2026-11-22 19:54:09.404923+00","origin":2,"lsn":"0/1682CF8","transactional":true,"prefix":"p","content":"tx"}',
      '{"action":"C","xid":790,"timestamp":"2026-11-22 19:54:09.404923+00","origin":2,"lsn":"0/16805A0","nextlsn":"0/16805D0"}',
      '{"action":"M","xid":null,"timestamp":null,"origin":null,"lsn":"0/1682D30","transactional":false,"prefix":"p","content":"now"}'
    )
    const shape = messages.flatMap((message) => (message._tag === "Relation" ? [message.relation] : []))
    assert.deepStrictEqual(shape.map(shapeOf), ["default: id*,note,m,big"])
    const [relation] = shape
    assert.isDefined(relation)
    assert.deepStrictEqual(
      relation.columns.map((column) => column.typeName),
      ["integer", "text", "g.mood", "text"]
    )
    assert.deepStrictEqual(changesOf(messages), [
      { op: "insert", relation, after: ["3", "é", "sad", ""] },
      { op: "update", relation, before: null, after: ["1", "n", "sad", unchanged] },
      { op: "update", relation, before: ["4", absent, absent, absent], after: ["5", "", null, null] },
      { op: "delete", relation, before: ["3", absent, absent, absent] },
      { op: "message", prefix: "p", content: "dHg=" }
    ])
    assert.deepStrictEqual(
      messages.filter((message) => message._tag !== "Change" && message._tag !== "Relation"),
      [
        { _tag: "Begin", xid: 790, commitLsn: 0x16805a0n, commitTime: 1_795_377_249_404_923 },
        { _tag: "Origin", name: "2" },
        { _tag: "Commit", commitLsn: 0x16805a0n, endLsn: 0x16805d0n, commitTime: 1_795_377_249_404_923 },
        { _tag: "Message", lsn: 0x1682d30n, prefix: "p", content: "bm93" }
      ]
    )
  })
})

describe("values", () => {
  const value = (type: string, json: string) =>
    rowOf(makeDecoder()(record("I", { columns: columns({ a: json }, type) })))
  const cellOf = (type: string, json: string) => {
    const row = value(type, json)
    return row.op === "insert" ? row.after[0] : assert.fail(row.op)
  }

  it("keep every digit of a number", () => {
    for (const text of [
      "9007199254740993",
      "-0",
      "0.10",
      "1e+300",
      "12345678901234567890.1234567890",
      "1E-5"
    ]) {
      assert.strictEqual(cellOf("numeric", text), text)
    }
  })

  it("are PostgreSQL's text again", () => {
    assert.strictEqual(cellOf("boolean", "true"), "t")
    assert.strictEqual(cellOf("boolean", "false"), "f")
    assert.strictEqual(cellOf("bytea", '"00ff"'), "\\x00ff")
    assert.strictEqual(cellOf("bytea", '""'), "\\x")
    assert.strictEqual(cellOf("text", '"true"'), "true")
    assert.strictEqual(cellOf("text", "null"), null)
  })

  it("that look like the plugin's own text stay as they are", () => {
    for (const text of [
      ',"value":12,',
      '\\",\\"value\\":12}',
      '],"value":1',
      '"type":x,"typeoid":1',
      "\\",
      "\u0001\n\t"
    ]) {
      assert.strictEqual(cellOf("text", JSON.stringify(text)), text)
    }
  })

  it("survive type names that the plugin does not escape", () => {
    const line = record("I", {
      columns:
        '[{"name":"a","type":"My Schema"."My ""Type","typeoid":-5,"value":12345678901234567890},{"name":"b","type":"text","typeoid":25,"value":"x"}]'
    })
    const row = rowOf(makeDecoder()(line))
    assert.deepStrictEqual(row.op === "insert" ? row.after : null, ["12345678901234567890", "x"])
    assert.strictEqual(row.relation.columns[0]?.typeName, '"My Schema"."My ""Type"')
    assert.strictEqual(row.relation.columns[0]?.typeOid, 0xffff_fffb)
  })

  it("in an excluded column are never seen", () => {
    const decode = makeDecoder(["s.t.b"])
    const row = decode(
      record("I", { columns: columns({ a: '"1"', b: '"secret"' }), pk: ["a"] }),
      record("U", { columns: columns({ a: '"1"' }), identity: columns({ a: '"1"' }), pk: ["a"] }),
      record("D", { identity: columns({ a: '"1"', b: '"secret"' }), pk: ["a"] })
    )
    assert.notInclude(JSON.stringify(row), "secret")
    assert.deepStrictEqual(
      changesOf(row).map((change) => change.op),
      ["insert", "update", "delete"]
    )
    assert.strictEqual(shapeOf(rowOf(row).relation), "default: a*")
  })

  it("of times are read to the microsecond in any zone", () => {
    const time = (text: string) => {
      const [message] = makeDecoder()(commit.replace("2026-11-22 19:54:09.4+00", text))
      return message?._tag === "Commit" ? message.commitTime : null
    }
    assert.strictEqual(time("2026-11-22 19:54:09.4+00"), 1_795_377_249_400_000)
    assert.strictEqual(time("2026-11-22 19:54:09+00"), 1_795_377_249_000_000)
    assert.strictEqual(time("2026-11-23 01:24:09.404923+05:30"), 1_795_377_249_404_923)
    assert.strictEqual(time("2026-11-22 12:54:09.404923-07"), 1_795_377_249_404_923)
  })
})

/** One test per row of the table in docs/wal2json.md. */
describe("what the plugin loses", () => {
  it("NaN and infinities are null, unless numbers come as text", () => {
    const decode = makeDecoder()
    const nan = (json: string) => rowOf(decode(record("I", { columns: columns({ a: json }, "numeric") })))
    assert.deepStrictEqual(nan("null"), { op: "insert", relation: nan("null").relation, after: [null] })
    assert.deepStrictEqual(nan('"NaN"'), { op: "insert", relation: nan("1").relation, after: ["NaN"] })
    const options = (numbersAsText: boolean) =>
      new Map(wal2jsonOptions({ numbersAsText, withoutSchemas: ["walstream", "my schema"] }))
    assert.isFalse(options(false).has("numeric-data-types-as-string"))
    assert.strictEqual(options(true).get("numeric-data-types-as-string"), "true")
    assert.strictEqual(options(true).get("filter-tables"), "walstream.*,my\\ schema.*")
  })

  it("an unchanged TOASTed value is left out: unchanged when the table's shape is known, else not there", () => {
    const update = record("U", { columns: columns({ a: '"1"' }), identity: columns({ a: '"1"' }), pk: ["a"] })
    const known = makeDecoder()
    known(record("I", { columns: columns({ a: '"1"', big: '"x"' }), pk: ["a"] }))
    const row = rowOf(known(update))
    assert.strictEqual(shapeOf(row.relation), "default: a*,big")
    assert.deepStrictEqual(row.op === "update" ? row.after : null, ["1", unchanged])
    assert.strictEqual(shapeOf(rowOf(makeDecoder()(update)).relation), "default: a*")
  })

  it("a TRUNCATE comes per table and without its options: neighbours of one LSN are one statement", () => {
    const changes = changesOf(
      makeDecoder()(
        truncate("a", "0/1"),
        truncate("b", "0/1"),
        truncate("a", "0/2"),
        truncate("b", "0/3"),
        commit
      )
    )
    assert.deepStrictEqual(
      changes.map((change) => (change.op === "truncate" ? change.relations.map(({ name }) => name) : null)),
      [["a", "b"], ["a"], ["b"]]
    )
    assert.isTrue(
      changes.every((change) => change.op === "truncate" && !change.cascade && !change.restartIdentity)
    )
  })

  it("an INSERT does not tell the replica identity: the primary key is assumed until an old row shows it", () => {
    const decode = makeDecoder()
    const insert = record("I", { columns: columns({ a: '"1"', b: '"2"' }) })
    assert.strictEqual(shapeOf(rowOf(decode(insert)).relation), "default: a,b")
    const full = record("D", { identity: columns({ a: '"1"', b: '"2"' }) })
    assert.strictEqual(shapeOf(rowOf(decode(full)).relation), "full: a*,b*")
    assert.strictEqual(shapeOf(rowOf(decode(insert)).relation), "full: a*,b*")
    const index = record("U", { columns: columns({ a: '"1"', b: '"3"' }), identity: columns({ a: '"1"' }) })
    assert.strictEqual(shapeOf(rowOf(decode(index)).relation), "index: a*,b")
    assert.strictEqual(shapeOf(rowOf(decode(insert)).relation), "index: a*,b")
  })

  it("an old row tells FULL from an index by its extent: by a null it is certain", () => {
    const decode = makeDecoder()
    const row = rowOf(
      decode(
        record("U", {
          columns: columns({ a: '"5"' }),
          identity: columns({ a: '"1"', big: "null" }),
          pk: ["a"]
        })
      )
    )
    assert.strictEqual(shapeOf(row.relation), "full: a*,big*")
    assert.deepStrictEqual(row.op === "update" ? [row.before, row.after] : null, [
      ["1", null],
      ["5", unchanged]
    ])
    const key = rowOf(decode(record("D", { identity: columns({ a: '"1"' }), pk: ["a"] })))
    assert.strictEqual(shapeOf(key.relation), "default: a*,big")
  })

  it("an old key equal to the new one cannot be told from none", () => {
    const decode = makeDecoder()
    const row = rowOf(
      decode(
        record("U", { columns: columns({ a: '"1"', b: '"2"' }), identity: columns({ a: '"1"' }), pk: ["a"] })
      )
    )
    assert.deepStrictEqual(row.op === "update" ? row.before : 0, null)
  })

  it("a dropped column is noticed with the next INSERT: until then it counts as unchanged", () => {
    const decode = makeDecoder()
    decode(record("I", { columns: columns({ a: '"1"', b: '"2"', c: '"3"' }), pk: ["a"] }))
    const update = record("U", {
      columns: columns({ a: '"1"', c: '"4"' }),
      identity: columns({ a: '"1"' }),
      pk: ["a"]
    })
    const row = rowOf(decode(update))
    assert.deepStrictEqual(row.op === "update" ? row.after : null, ["1", unchanged, "4"])
    decode(record("I", { columns: columns({ a: '"2"', c: '"3"' }), pk: ["a"] }))
    assert.strictEqual(shapeOf(rowOf(decode(update)).relation), "default: a*,c")
  })

  it("an origin is a number, and 0 is none", () => {
    const begin = (origin: number) =>
      makeDecoder()(
        `{"action":"B","xid":1,"timestamp":"2026-11-22 19:54:09+00","origin":${origin},"lsn":"0/1","nextlsn":"0/2"}`
      ).map((message) => (message._tag === "Origin" ? message.name : message._tag))
    assert.deepStrictEqual(begin(0), ["Begin"])
    assert.deepStrictEqual(begin(65534), ["Begin", "65534"])
  })

  it("a message's content ends at its first zero byte, and is text", () => {
    const [message] = makeDecoder()(
      '{"action":"M","xid":null,"timestamp":null,"origin":null,"lsn":"0/1","transactional":false,"prefix":"p","content":"é"}'
    )
    assert.deepStrictEqual(message, { _tag: "Message", lsn: 1n, prefix: "p", content: "w6k=" })
  })
})

describe("malformed records", () => {
  const fails = (line: string | Buffer, kind: string, detail: RegExp) => {
    try {
      new Wal2JsonDecoder({ excluded: new Set() }).decode(Buffer.from(line), [])
    } catch (error) {
      assert.instanceOf(error, DecodeError)
      assert.strictEqual(error.kind, kind)
      assert.match(error.detail, detail)
      assert.notInclude(error.message, "secret")
      return
    }
    assert.fail("decoded")
  }

  it("name their kind and place, never a value", () => {
    const row = record("I", { columns: columns({ a: '"secret"' }) })
    fails(row.slice(0, -3), "Record", /no JSON/)
    fails("[1]", "Record", /no JSON object/)
    fails('{"action":7}', "Record", /action must be a text/)
    fails('{"action":"X"}', "X", /no action/)
    fails(Buffer.concat([Buffer.of(0xff), Buffer.from(row)]), "Record", /UTF-8/)
    fails(row.replace('"pk"', '"kp"'), "I", /pk must be a list/)
    fails(row.replace('"typeoid"', '"oid"'), "I", /type oids/)
    fails(row.replace('"secret"', '{"a":"secret"}'), "I", /no known kind/)
    fails(commit.replace('"nextlsn"', '"x"'), "C", /nextlsn/)
    fails(commit.replace("19:54:09.4+00", "BC"), "C", /timestamp/)
    fails(record("D", {}), "D", /identity must be a list/)
    fails(record("I", { columns: columns({ a: '"\\\\secret"' }, "bytea") }), "I", /bytea_output/)
    fails(
      record("U", { columns: columns({ a: '"secret"' }), identity: columns({ z: '"1"' }) }),
      "U",
      /does not have/
    )
  })
})
