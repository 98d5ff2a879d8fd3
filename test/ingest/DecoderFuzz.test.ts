import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { absent, type Row, unchanged } from "../../src/domain/Change.ts"
import type { Relation } from "../../src/domain/Relation.ts"
import { AssemblerState } from "../../src/ingest/AssemblerState.ts"
import { DecodeError } from "../../src/ingest/DecodeError.ts"
import type { Decoder } from "../../src/ingest/Decoder.ts"
import { noExcludedColumns } from "../../src/ingest/ExcludedColumns.ts"
import { PgoutputDecoder } from "../../src/ingest/pgoutput/PgoutputDecoder.ts"
import type { ReplicationMessage } from "../../src/ingest/ReplicationMessage.ts"
import { chunkLimits } from "../../src/ingest/Segment.ts"
import { SequenceError } from "../../src/ingest/SequenceError.ts"
import { Wal2JsonDecoder } from "../../src/ingest/wal2json/Wal2JsonDecoder.ts"
import { Dice } from "../log/Dice.ts"
import { HistoryEncoder } from "./HistoryEncoder.ts"
import { plainMessage } from "./PlainMessages.ts"
import { RandomHistory } from "./RandomHistory.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))

const checkRow = (relation: Relation, row: Row | null) => {
  if (row === null) return
  assert.strictEqual(row.length, relation.columns.length)
  for (const cell of row) {
    assert.isTrue(cell === null || cell === unchanged || cell === absent || typeof cell === "string")
  }
}

const checkMessage = (packed: ReplicationMessage) => {
  const message = plainMessage(packed)
  if (message._tag !== "Change") return
  const { change } = message
  switch (change.op) {
    case "insert":
      return checkRow(change.relation, change.after)
    case "update":
      checkRow(change.relation, change.before)
      return checkRow(change.relation, change.after)
    case "delete":
      return checkRow(change.relation, change.before)
    default:
      return
  }
}

/** The message cut, mangled, stretched or repeated. */
const mutate = (message: Buffer, dice: Dice): Buffer => {
  const at = dice.below(message.length)
  const some = Buffer.from(message)
  switch (dice.below(6)) {
    case 0:
      return some.subarray(0, at)
    case 1:
      some[at] = dice.below(256)
      return some
    case 2:
      some[at] = (some[at] ?? 0) ^ (1 << dice.below(8))
      return some
    case 3:
      // Counts and lengths: nothing, -1, or a lot.
      some.fill(dice.pick([0, 0xff, 0x7f]), at, Math.min(at + 4, some.length))
      return some
    case 4:
      return Buffer.concat([some.subarray(0, at), some.subarray(dice.below(message.length))])
    default:
      return Buffer.concat([some.subarray(0, at), Buffer.of(dice.below(256)), some.subarray(at)])
  }
}

/** Feeds messages, some of them mutated, until one is refused. Says whether one was. */
const feed = (decoder: Decoder, messages: ReadonlyArray<Buffer>, dice: Dice, every: number): boolean => {
  const state = new AssemblerState(chunkLimits)
  for (const message of messages) {
    const into: Array<ReplicationMessage> = []
    try {
      decoder.decode(dice.oneIn(every) ? mutate(message, dice) : message, into)
      into.forEach(checkMessage)
      state.push(into)
    } catch (error) {
      assert.isTrue(error instanceof DecodeError || error instanceof SequenceError, String(error))
      return true
    }
  }
  return false
}

const kindNames: Readonly<Record<string, string>> = {
  B: "Begin",
  C: "Commit",
  O: "Origin",
  R: "Relation",
  Y: "Type",
  I: "Insert",
  U: "Update",
  D: "Delete",
  T: "Truncate",
  M: "Message",
  S: "StreamStart",
  c: "StreamCommit",
  A: "StreamAbort"
}

describe("pgoutput messages, cut and mangled", () => {
  it.prop(
    "that end too early are refused by name, wherever they are cut",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const { messages } = new HistoryEncoder(new RandomHistory(seed, 40), dice, true)
      for (let i = 0; i < 15; i++) {
        const place = dice.below(messages.length)
        const message = messages[place]
        if (message === undefined || message.length < 2) continue
        const decoder = new PgoutputDecoder({ excluded: noExcludedColumns })
        for (const before of messages.slice(0, place)) decoder.decode(before, [])
        const kind = kindNames[String.fromCharCode(message[0] ?? 0)]
        const into: Array<ReplicationMessage> = []
        try {
          decoder.decode(message.subarray(0, 1 + dice.below(message.length - 1)), into)
          assert.fail(`half of ${kind} was taken for all of it`)
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
          assert.strictEqual(error.kind, kind)
          assert.include(error.message, `pgoutput ${kind} message, at `)
        }
        assert.deepStrictEqual(into, [])
      }
    },
    { arbitrary: { runs: 60 } }
  )

  it.prop(
    "are refused with the decoder's own error, or decode to whole rows",
    [Seed],
    ([seed]) => {
      const dice = new Dice(seed)
      const { messages } = new HistoryEncoder(new RandomHistory(seed, 60), dice, true)
      for (let i = 0; i < 10; i++) {
        feed(new PgoutputDecoder({ excluded: noExcludedColumns }), messages, dice, 10)
      }
    },
    { arbitrary: { runs: 60 } }
  )

  it.prop("of any bytes are refused", [Seed], ([seed]) => {
    const dice = new Dice(seed)
    const noise = () => Buffer.from(Array.from({ length: 1 + dice.below(60) }, () => dice.below(256)))
    const kinds = "BCORYIUDTMSEcA"
    for (let i = 0; i < 50; i++) {
      const message = noise()
      message[0] = kinds.charCodeAt(dice.below(kinds.length))
      feed(new PgoutputDecoder({ excluded: noExcludedColumns }), [message], dice, 1e9)
    }
  })
})

describe("wal2json records, cut and mangled", () => {
  const stamp = '"xid":7,"timestamp":"2026-11-22 19:54:09.404923+00","origin":0,"lsn":"0/10"'
  const a = '{"name":"id","type":"integer","typeoid":23,"value":12}'
  const b = '{"name":"b","type":"text","typeoid":25,"value":"é \\"quoted\\" \\\\"}'
  const pk = '"pk":[{"name":"id","type":"integer","typeoid":23}]'
  const lines = [
    `{"action":"B",${stamp},"nextlsn":"0/20"}`,
    `{"action":"I",${stamp},"schema":"s","table":"t","columns":[${a},${b}],${pk}}`,
    `{"action":"U",${stamp},"schema":"s","table":"t","columns":[${a}],"identity":[${a}],${pk}}`,
    `{"action":"T",${stamp},"schema":"s","table":"t"}`,
    `{"action":"D",${stamp},"schema":"s","table":"t","identity":[${a}],${pk}}`,
    `{"action":"M",${stamp},"transactional":true,"prefix":"p","content":"c"}`,
    `{"action":"C",${stamp},"nextlsn":"0/20"}`
  ].map((line) => Buffer.from(line))

  it.prop("are refused with the decoder's own error, or decode to whole rows", [Seed], ([seed]) => {
    const dice = new Dice(seed)
    for (let i = 0; i < 30; i++) feed(new Wal2JsonDecoder({ excluded: noExcludedColumns }), lines, dice, 4)
  })

  it("are all accepted as they are", () => {
    assert.isFalse(feed(new Wal2JsonDecoder({ excluded: noExcludedColumns }), lines, new Dice(1), 1e9))
  })
})
