import { assert, describe, it } from "@effect/vitest"
import type { Incarnation, Mark } from "../../src/domain/Log.ts"
import { endOfHistory, type History, historyProblem, isPromoted } from "../../src/ingest/History.ts"
import type { SourceFacts } from "../../src/ingest/SourceIdentity.ts"
import { parseTimelineHistory } from "../../src/ingest/TimelineHistory.ts"

const incarnation: Incarnation = {
  number: 1,
  systemIdentifier: "7",
  timeline: 1,
  database: "shop",
  slot: "walstream_slot",
  firstSeq: 1,
  startLsn: 100n,
  gap: null
}
const mark = (at: Partial<Mark>): Mark => ({
  seq: 5,
  commitLsn: 480n,
  endLsn: 500n,
  partitions: 1,
  coverageTime: 0,
  incarnation: 1,
  ...at
})
const history = (at: Partial<History>): History => ({ incarnation, mark: mark({}), storedEnd: 490n, ...at })
const promoted = (left: bigint, timeline = 2): SourceFacts => ({
  systemIdentifier: "7",
  timeline,
  database: "shop",
  serverVersion: 180000,
  role: "walstream",
  isSuperuser: false,
  currentLsn: 10_000n,
  timelines: new Map([[1, left]])
})
const problemOf = (facts: SourceFacts, its: History) => historyProblem(facts, "walstream_slot", its)

describe("a timeline's history", () => {
  it("is read as PostgreSQL writes it", () => {
    const text = "1\t0/1B000060\tno recovery target specified\n\n2\tA/FF\tbefore 2026-11-29 11:00:00+00\n"
    assert.deepStrictEqual(
      [...parseTimelineHistory(text)],
      [
        [1, 0x1b000060n],
        [2, 0xa000000ffn]
      ]
    )
    assert.strictEqual(parseTimelineHistory("").size, 0)
  })
})

describe("the history behind a promotion", () => {
  it("goes on where all that is stored was there before the timeline was left", () => {
    assert.isUndefined(problemOf(promoted(490n), history({})))
    assert.isUndefined(problemOf(promoted(600n), history({})))
    assert.isTrue(isPromoted(promoted(600n), history({})))
    assert.isFalse(isPromoted({ ...promoted(600n), timeline: 1 }, history({})))
  })

  it("goes on where the timeline was left, if the old primary had passed that with nothing to tell", () => {
    assert.strictEqual(endOfHistory(promoted(490n), history({})), 490n)
    assert.strictEqual(endOfHistory(promoted(600n), history({})), 500n)
    assert.isUndefined(problemOf({ ...promoted(490n), currentLsn: 495n }, history({})))
  })

  it("is another one where something is stored that the standby did not have, in part or pruned since", () => {
    assert.include(problemOf(promoted(489n), history({})), { _tag: "Replaced", what: "timeline" })
    const pruned = history({ storedEnd: null })
    assert.isUndefined(problemOf(promoted(481n), pruned))
    assert.include(problemOf(promoted(480n), pruned), { _tag: "Replaced", what: "timeline" })
    // A mark that knows no transaction of this life tells positions of the one before.
    const young = history({ incarnation: { ...incarnation, firstSeq: 6 }, storedEnd: null })
    assert.isUndefined(problemOf(promoted(200n), young))
  })

  it("is another one where the timeline does not come from it, or the system is another", () => {
    const stranger = { ...promoted(600n), timelines: new Map([[2, 600n]]) }
    assert.include(problemOf(stranger, history({})), { _tag: "Replaced", what: "timeline" })
    assert.isFalse(isPromoted(stranger, history({})))
    assert.include(problemOf({ ...promoted(600n), systemIdentifier: "8" }, history({})), { what: "system" })
    // The old primary, back after we have gone on with the new one.
    const back = { ...promoted(600n), timeline: 1, timelines: new Map<number, bigint>() }
    const second = history({ incarnation: { ...incarnation, timeline: 2 } })
    assert.include(problemOf(back, second), { _tag: "Replaced", what: "timeline" })
  })
})
