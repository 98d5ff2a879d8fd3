import { assert, it } from "@effect/vitest"
import { type JobJson, jobJson } from "../../../src/control/api/JobJson.ts"
import { eventLine } from "../../../src/main/cli/EventText.ts"
import { fractionOf, outcomeLine, progressLine, rateOf } from "../../../src/main/cli/JobProgress.ts"
import { jobDetails, jobTable } from "../../../src/main/cli/JobText.ts"
import { spec } from "../../control/TestControl.ts"

const pending = jobJson({
  id: "00000000-0000-4000-8000-000000000000",
  spec,
  status: "pending",
  plan: null,
  checkpoint: null,
  counters: { processed: 0, duplicate: 0, converged: 0 },
  failure: null,
  lease: null,
  leaseEpoch: 0,
  createdAt: 1_700_000_000_000_000,
  startedAt: null,
  completedAt: null,
  version: 1
})
const running: JobJson = {
  ...pending,
  status: "running",
  start_seq: 11,
  end_seq: 21,
  events_total: 4000,
  events_processed: 1000,
  checkpoint: { seq: 15, ordinal: 3, commit_time: null, hints: {} },
  replay_clock: "2026-01-02T03:04:05.000000Z"
}

it("knows how far a job is by its place in the window", () => {
  assert.isNull(fractionOf(pending))
  assert.strictEqual(fractionOf(running), 0.5)
  assert.strictEqual(fractionOf({ ...running, checkpoint: null }), 0)
  assert.isNull(fractionOf({ ...running, end_seq: null }))
  assert.strictEqual(fractionOf({ ...running, end_seq: 11 }), 1)
  assert.strictEqual(fractionOf({ ...running, status: "completed", end_seq: null }), 1)
})

it("measures the rate over the remembered looks", () => {
  assert.strictEqual(rateOf([]), 0)
  assert.strictEqual(rateOf([{ millis: 1, done: 5 }]), 0)
  assert.strictEqual(
    rateOf([
      { millis: 1000, done: 0 },
      { millis: 1500, done: 7 },
      { millis: 3000, done: 100 }
    ]),
    50
  )
})

it("says it in one line that fits", () => {
  const line = progressLine(running, 500, 120)
  assert.strictEqual(
    line,
    "running  ━━━━━━━━━━━━────────────  50%  1,000 changes  500/s  clock 03:04:05  about 6s left"
  )
  assert.isAtMost(progressLine(running, 500, 40).length, 39)
  assert.strictEqual(progressLine(pending, 0, 100), "pending  0 changes")
})

it("says how it ended", () => {
  const failed: JobJson = {
    ...running,
    status: "failed",
    events_duplicate: 2,
    error: {
      code: "rejected",
      message: "target default: rejected a change",
      position: "0000000000000200-0000000000"
    }
  }
  assert.strictEqual(
    outcomeLine(failed),
    `job ${failed.id} failed (1,000 applied, 2 already there): target default: rejected a change at 0000000000000200-0000000000`
  )
  assert.include(jobDetails(failed), "rejected")
  assert.include(jobTable([failed, pending]), "1,000/4,000")
  assert.strictEqual(jobTable([]), "no jobs")
})

it("keeps control characters of values off the terminal", () => {
  const line = eventLine(
    {
      position: "0000000000000200-0000000000",
      seq: 2,
      commit_lsn: "0/200",
      ordinal: 0,
      tx_count: 1,
      xid: 1,
      commit_time: "2026-01-02T03:04:05.123456Z",
      source: "shop",
      schema: "public",
      table: "orders",
      operation: "insert",
      key: { id: "1" },
      before: null,
      after: { id: "1", note: "a\u001b[31m\nb" },
      unchanged: []
    },
    100
  )
  assert.strictEqual(line, "03:04:05.123 2:0 insert   public.orders  id=1 note=a [31m b")
})
