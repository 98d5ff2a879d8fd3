import { assert, it } from "@effect/vitest"
import { type JobJson, jobJson } from "../../../src/control/api/JobJson.ts"
import type { Job, JobSpec } from "../../../src/domain/Job.ts"
import { eventLine } from "../../../src/main/cli/EventText.ts"
import { fractionDone } from "../../../src/main/cli/JobDone.ts"
import { outcomeLine, progressLine, rateOf, sampleOf } from "../../../src/main/cli/JobProgress.ts"
import { jobDetails, jobTable } from "../../../src/main/cli/JobText.ts"
import { spec } from "../../control/TestControl.ts"

const job: Job = {
  id: "00000000-0000-4000-8000-000000000000",
  spec,
  status: "pending",
  plan: null,
  checkpoint: null,
  counters: { processed: 0, duplicate: 0, converged: 0 },
  failure: null,
  skips: [],
  lease: null,
  leaseEpoch: 0,
  createdAt: 1_700_000_000_000_000,
  startedAt: null,
  completedAt: null,
  version: 1
}
const pending = jobJson(job)
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
  assert.isNull(fractionDone(pending))
  assert.strictEqual(fractionDone(running), 0.5)
  assert.strictEqual(fractionDone({ ...running, checkpoint: null }), 0)
  assert.isNull(fractionDone({ ...running, end_seq: null }))
  assert.strictEqual(fractionDone({ ...running, end_seq: 11 }), 1)
  assert.strictEqual(fractionDone({ ...running, status: "completed", end_seq: null }), 1)
})

it("says what a running job reaches, how it applies and what it waits for", () => {
  const live: JobJson["live"] = {
    phase: "replaying",
    replay_clock: "2026-01-02T03:04:09.000000Z",
    effective_speed: 9.8765,
    pacing_error_ms: { p50: 0.2, p99: 1.5 },
    lag_seconds: 2.04,
    retrying: null,
    apply: { mode: "origin", order: "row_by_row", reason: "public.t: it has triggers" },
    batch: null
  }
  const job: JobJson = { ...running, speed_factor: 10, live }
  assert.include(progressLine(job, [], 200), "clock 03:04:09  9.88x of 10x  lag 2.0s")
  const text = jobDetails({ ...job, warnings: [{ code: "late_table", message: "public.t joined late" }] })
  assert.include(text, "10x, runs at 9.88x")
  assert.include(text, "origin: triggers and foreign keys fire")
  assert.include(text, "row by row (public.t: it has triggers)")
  assert.include(text, "warning    public.t joined late")
  const retrying = {
    reason: "target default: does not answer",
    since: "2026-01-02T03:04:05.000000Z",
    attempt: 3
  }
  const waits = "since 03:04:05 (try 3): target default: does not answer"
  assert.include(progressLine({ ...job, live: { ...live, retrying } }, [], 200), `running  waits ${waits}`)
  assert.include(jobDetails({ ...job, live: { ...live, retrying } }), `waits      ${waits}`)
})

it("measures the rate over the remembered looks", () => {
  assert.strictEqual(rateOf([]), 0)
  assert.strictEqual(rateOf([{ millis: 1, done: 5, fraction: null }]), 0)
  assert.strictEqual(
    rateOf([
      { millis: 1000, done: 0, fraction: null },
      { millis: 1500, done: 7, fraction: null },
      { millis: 3000, done: 100, fraction: null }
    ]),
    50
  )
})

it("says it in one line that fits", () => {
  const at500 = [sampleOf({ ...running, events_processed: 0 }, 0), sampleOf(running, 2000)]
  const line = progressLine(running, at500, 120)
  assert.strictEqual(
    line,
    "running  ━━━━━━━━━━━━────────────  50%  1,000 changes  500/s  clock 03:04:05  about 6s left"
  )
  assert.isAtMost(progressLine(running, at500, 40).length, 39)
  assert.strictEqual(progressLine(pending, [], 100), "pending  0 changes")
})

it("counts duplicates as done, and goes by place where a filter leaves the total open", () => {
  const duplicates = { ...running, events_processed: 0, events_duplicate: 4000 }
  assert.include(jobTable([duplicates]), "4,000/4,000")
  assert.include(jobDetails(duplicates), "changes    4,000/4,000")

  const plan = {
    history: "shop",
    range: { start: 1, end: 1001 },
    store: "sqlite",
    storeReason: "archive",
    changes: 266_682
  } as const
  const total = (change: Partial<JobSpec>) =>
    jobJson({ ...job, spec: { ...spec, ...change }, plan }).events_total
  assert.strictEqual(total({}), 266_682)
  assert.isNull(total({ tables: ["public.orders"] }))
  assert.isNull(total({ operations: ["insert"] }))

  const filtered: JobJson = { ...running, events_total: null, events_processed: 1 }
  const earlier: JobJson = { ...filtered, checkpoint: null }
  const line = progressLine(filtered, [sampleOf(earlier, 0), sampleOf(filtered, 4000)], 120)
  assert.include(line, " 50%  1 changes")
  assert.include(line, "about 4s left")
  assert.include(jobTable([filtered]), "1 (50%)")
  assert.include(jobTable([{ ...filtered, status: "completed" }]), "1 (100%)")
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
  assert.include(jobTable([failed, pending]), "1,002/4,000")
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
