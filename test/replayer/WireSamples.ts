import { absent, type Change, type Row, unchanged } from "../../src/domain/Change.ts"
import { makeRelation } from "../../src/domain/Relation.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import type { ApplyBatch } from "../../src/replay/Target.ts"
import { TargetError, type TargetErrorReason } from "../../src/replay/TargetError.ts"

/* One of everything that the protocol carries. Golden bytes were made of these: they may grow, never change. */

const orders = makeRelation({
  schema: "shop",
  name: 'odd "name" é😀',
  identity: "default",
  columns: [
    { name: "id", typeOid: 23, typmod: -1, typeName: "", key: true },
    { name: "n", typeOid: 1700, typmod: 655_366, typeName: "", key: false },
    { name: "mood", typeOid: 99_999, typmod: -1, typeName: "public.mood", key: false }
  ]
})

const full = makeRelation({
  schema: "public",
  name: "keyless",
  identity: "full",
  columns: [{ name: "v", typeOid: 25, typmod: -1, typeName: "", key: true }]
})

const row = (...cells: Row): Row => cells

const changes: ReadonlyArray<Change> = [
  { op: "insert", relation: orders, after: row("1", "1.50", "sad") },
  { op: "insert", relation: orders, after: row("2", null, "") },
  { op: "update", relation: orders, before: null, after: row("2", unchanged, "é😀") },
  { op: "update", relation: orders, before: row("2", absent, absent), after: row("3", "NaN", null) },
  { op: "delete", relation: orders, before: row("3", absent, absent) },
  { op: "delete", relation: full, before: row("\u0001\t\n\\N") },
  { op: "truncate", relations: [orders, full], cascade: true, restartIdentity: true },
  { op: "message", prefix: "note", content: Buffer.from([0, 255, 10]).toString("base64") }
]

const sampleChunk: ArchivedChunk = {
  seq: Number.MAX_SAFE_INTEGER,
  incarnation: 2,
  commit: {
    xid: 4_294_967_295,
    commitLsn: 0xffff_ffff_ffff_fff0n,
    endLsn: 0xffff_ffff_ffff_ffffn,
    commitTime: 1_795_000_000_123_456,
    origin: "walstream_shop",
    count: 100
  },
  firstOrdinal: 7,
  changes,
  last: false,
  bytes: 12_345
}

export const sampleBatch: ApplyBatch = {
  chunks: [sampleChunk, { ...sampleChunk, commit: { ...sampleChunk.commit, origin: null, commitTime: -1 } }],
  follows: { seq: 41, ordinal: 3 },
  until: { seq: 42, ordinal: 14 },
  goesOn: true
}

const reasons: ReadonlyArray<TargetErrorReason> = [
  { _tag: "Unavailable", detail: "no route to host" },
  { _tag: "Fenced", mine: 3, theirs: 4 },
  { _tag: "Moved", seq: 5, ordinal: 6 },
  {
    _tag: "Rejected",
    seq: 7,
    ordinal: 8,
    table: "shop.orders",
    sqlState: "23505",
    detail: "a unique key is taken (constraint orders_pkey)"
  },
  { _tag: "Unfit", table: "shop.orders", detail: "it lacks column n" },
  { _tag: "SameAsSource", detail: "the target is the source" },
  { _tag: "Overlap", from: 1, until: 10 },
  { _tag: "Refused", detail: "password authentication failed" }
]

export const sampleFailures = reasons.map((reason) => new TargetError({ target: "default", reason }))
