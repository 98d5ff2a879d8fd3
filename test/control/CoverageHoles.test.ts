import { assert, describe, it } from "@effect/vitest"
import { type Hole, holesOf, jobWarnings } from "../../src/control/CoverageHoles.ts"
import type { JobSpec } from "../../src/domain/Job.ts"
import type { CoverageStart } from "../../src/ingest/IngestState.ts"
import { spec } from "./TestControl.ts"

const second = 1_000_000

const start = (seq: number, table: string, captured: CoverageStart["captured"]): CoverageStart => ({
  seq,
  table,
  captured,
  commitLsn: BigInt(seq) * 16n,
  commitTime: seq * second
})

const brief = (holes: ReadonlyArray<Hole>) =>
  holes.map(({ table, missing, from, until }) => [table, missing, from?.seq ?? null, until?.seq ?? null])

describe("holes", () => {
  it("end where a table joins, and lie where it has no identity", () => {
    const starts = [
      start(10, "public.late", "all"),
      start(20, "public.t", "inserts"),
      start(30, "public.t", "inserts"),
      start(40, "public.t", "all"),
      start(50, "public.late", "inserts")
    ]
    assert.deepStrictEqual(brief(holesOf(starts, 1)), [
      ["public.late", "changes", null, 10],
      ["public.late", "updates_and_deletes", 50, null],
      ["public.t", "updates_and_deletes", 20, 40]
    ])
  })

  it("are gone when the history that has them is", () => {
    const starts = [start(10, "public.late", "all"), start(20, "public.t", "inserts")]
    assert.deepStrictEqual(brief(holesOf(starts, 9)), [
      ["public.late", "changes", null, 10],
      ["public.t", "updates_and_deletes", 20, null]
    ])
    assert.deepStrictEqual(brief(holesOf(starts, 10)), [["public.t", "updates_and_deletes", 20, null]])
  })
})

describe("a job is warned", () => {
  const holes = holesOf(
    [start(10, "public.late", "all"), start(20, "public.t", "inserts"), start(30, "public.t", "all")],
    1
  )
  const asked: JobSpec = { ...spec, startTime: null }
  const codes = (change: Partial<JobSpec>, range: { start: number; end: number | null } | null = null) =>
    jobWarnings(
      {
        spec: { ...asked, ...change },
        plan: range === null ? null : { range }
      },
      holes
    ).map(({ code }) => code)

  it("of what its window reaches into, by time, LSN or pinned seq", () => {
    assert.deepStrictEqual(codes({}), ["late_table", "no_identity"])
    assert.deepStrictEqual(codes({ startTime: 10 * second }), ["no_identity"])
    assert.deepStrictEqual(codes({ startTime: 9 * second, endTime: 20 * second }), ["late_table"])
    assert.deepStrictEqual(codes({ startLsn: 160n, endLsn: 320n }), [])
    assert.deepStrictEqual(codes({}, { start: 10, end: 20 }), [])
    assert.deepStrictEqual(codes({}, { start: 9, end: 21 }), ["late_table", "no_identity"])
    assert.deepStrictEqual(codes({}, { start: 29, end: null }), ["no_identity"])
    assert.deepStrictEqual(codes({}, { start: 30, end: null }), [])
  })

  it("of the tables and operations that it wants", () => {
    assert.deepStrictEqual(codes({ tables: ["public.t"] }), ["no_identity"])
    assert.deepStrictEqual(codes({ tables: ["public.other"] }), [])
    assert.deepStrictEqual(codes({ operations: ["insert"] }), ["late_table"])
    assert.deepStrictEqual(codes({ operations: ["delete"] }), ["late_table", "no_identity"])
  })

  it("in one sentence for each kind, whatever the number of tables", () => {
    const many = holesOf(
      Array.from({ length: 8 }, (_, i) => start(10 + i, `public.t${i}`, "all")),
      1
    )
    const [warning, ...more] = jobWarnings({ spec: asked, plan: null }, many)
    assert.deepStrictEqual(more, [])
    assert.include(
      warning?.message,
      "public.t0 joined the history at 1970-01-01T00:00:10.000000Z (transaction 10, 0/A0)"
    )
    assert.include(warning?.message, "and 3 more")
  })
})
