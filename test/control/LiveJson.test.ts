import { assert, it } from "@effect/vitest"
import { liveJson } from "../../src/control/api/LiveJson.ts"
import type { RunSnapshot } from "../../src/replay/Run.ts"

const second = 1_000_000
const now = 1_767_323_045 * second

const run: RunSnapshot = {
  jobId: "j",
  epoch: 1,
  follows: true,
  phase: "replaying",
  position: { seq: 7, ordinal: 0 },
  replayClock: now - 12 * second,
  speed: 10,
  effectiveSpeed: 9.87654,
  pacingError: { count: 5, p50: 0.25, p99: 1.5 },
  batch: { changes: 10, transactions: 2, millis: 1500 },
  retrying: null,
  applying: { mode: "origin", order: "row_by_row", reason: "public.t: it has triggers" }
}
const log = { nextSeq: 10, toTime: now - 2 * second }

it("tells how a run goes", () => {
  assert.deepStrictEqual(liveJson(run, { now, follows: true, log }), {
    phase: "replaying",
    replay_clock: "2026-01-02T03:03:53.000000Z",
    effective_speed: 9.877,
    pacing_error_ms: { p50: 0.25, p99: 1.5 },
    lag_seconds: 10,
    retrying: null,
    apply: { mode: "origin", order: "row_by_row", reason: "public.t: it has triggers" },
    batch: { changes: 10, transactions: 2, seconds: 1.5 }
  })
})

it("tells what it waits for, and since when", () => {
  const { retrying } = liveJson(
    { ...run, retrying: { reason: "target default does not answer", attempts: 4, millis: 5000 } },
    { now, follows: true, log }
  )
  assert.deepStrictEqual(retrying, {
    reason: "target default does not answer",
    attempt: 4,
    since: "2026-01-02T03:04:00.000000Z"
  })
})

it("has no lag where the job has an end or all of the log, and does not make one up", () => {
  const lag = (change: Partial<RunSnapshot>, follows = true, end: typeof log | null = log) =>
    liveJson({ ...run, ...change }, { now, follows, log: end }).lag_seconds
  assert.isNull(lag({}, false))
  assert.isNull(lag({}, true, null))
  assert.isNull(lag({ replayClock: null }))
  assert.strictEqual(lag({ position: { seq: 9, ordinal: 3 } }), 0)
})
