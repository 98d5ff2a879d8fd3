import { type Change, unchanged } from "../src/domain/Change.ts"
import { makeRelation } from "../src/domain/Relation.ts"
import { AssemblerState } from "../src/ingest/AssemblerState.ts"
import { noExcludedColumns } from "../src/ingest/ExcludedColumns.ts"
import { PgoutputDecoder } from "../src/ingest/pgoutput/PgoutputDecoder.ts"
import type { ReplicationMessage } from "../src/ingest/ReplicationMessage.ts"
import { chunkLimits } from "../src/ingest/Segment.ts"
import { PgoutputEncoder as wire } from "../test/ingest/PgoutputEncoder.ts"
import { type BenchCase, type BenchResult, lessIsBetter, worstOf } from "./BenchResult.ts"

/** Microseconds per change from bytes to decoded change; with assembly, and a Begin and a Commit per change, more. */
const goals = { decode: 0.75, assemble: 1, single: 4 }

const cells = [
  "123456",
  "a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3e4f5a0b1",
  `{"name": "a name", "tags": ["one", "two"], "note": "${"x".repeat(80)}"}`,
  "12345.67",
  "2026-11-22 19:01:02.123456+00",
  "t",
  "42",
  "550e8400-e29b-41d4-a716-446655440000"
]

const relation = makeRelation({
  schema: "public",
  name: "orders",
  identity: "default",
  columns: cells.map((_, i) => ({ name: `c${i}`, typeOid: 25, typmod: -1, typeName: "", key: i === 0 }))
})

/** Seven inserts, two updates, one delete. */
const changes: ReadonlyArray<Change> = [
  ...Array.from({ length: 7 }, (): Change => ({ op: "insert", relation, after: cells })),
  { op: "update", relation, before: null, after: cells },
  {
    op: "update",
    relation,
    before: null,
    after: cells.with(2, "").map((cell, i) => (i === 2 ? unchanged : cell))
  },
  { op: "delete", relation, before: cells }
]

/** The best of several rounds, in microseconds per change: on a shared machine the others are noise. */
const measure = (size: number, assemble: boolean): number => {
  const decoder = new PgoutputDecoder({ excluded: noExcludedColumns })
  const state = new AssemblerState(chunkLimits)
  decoder.decode(wire.relation(0, 7, relation), [])
  const rows = changes.map((change) => wire.change(0, change, () => 7))
  const begin = wire.begin(1n, 0, 700)
  const commit = wire.commit(1n, 2n, 0)
  const total = 200_000
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 8; round++) {
    const started = performance.now()
    for (let done = 0; done < total; ) {
      const messages: Array<ReplicationMessage> = []
      for (let batch = 0; batch < 500; ) {
        if (assemble) decoder.decode(begin, messages)
        for (let i = 0; i < size; i++) decoder.decode(rows[i % rows.length] ?? begin, messages)
        if (assemble) decoder.decode(commit, messages)
        batch += size
        done += size
      }
      if (assemble) state.push(messages)
    }
    best = Math.min(best, ((performance.now() - started) * 1000) / total)
  }
  return best
}

export const run = (): Promise<BenchResult> => {
  const detail: ReadonlyArray<BenchCase> = [
    lessIsBetter("pgoutput bytes to changes, 8 columns", measure(500, false), goals.decode),
    lessIsBetter("and to transactions of 1000", measure(1000, true), goals.assemble),
    lessIsBetter("and to transactions of 10", measure(10, true), goals.assemble),
    lessIsBetter("and to transactions of 1", measure(1, true), goals.single)
  ]
  return Promise.resolve(worstOf("decode", "us per change", detail))
}
