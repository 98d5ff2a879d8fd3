import { assert, it } from "@effect/vitest"
import { jobDetails } from "../../../src/main/cli/JobText.ts"
import { exampleJob } from "../../ui/JobExample.ts"

it("a job's worker and the end of its lease are told, and of one without a lease not", () => {
  const held = { worker_id: "host-7", lease_epoch: 3, lease_expires_at: "2026-11-22T09:41:00.000000Z" }
  const lines = jobDetails({ ...exampleJob, ...held }).split("\n")
  assert.include(lines, "worker     host-7, epoch 3")
  assert.include(lines, "lease      ends at 2026-11-22 09:41:00Z")
  assert.notMatch(
    jobDetails({ ...exampleJob, worker_id: null, lease_expires_at: null }),
    /^(?:worker|lease) /mu
  )
})

it("a window without an end goes on and on, or to what is there", () => {
  const open = { ...exampleJob, start_lsn: null, start_time: null, end_lsn: null, end_time: null }
  assert.include(jobDetails({ ...open, follow: true }), "window     the beginning, and on and on\n")
  assert.include(
    jobDetails({ ...open, follow: false }),
    "window     the beginning to what is there when it starts\n"
  )
})
