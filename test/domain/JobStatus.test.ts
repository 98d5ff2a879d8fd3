import { assert, describe, it } from "@effect/vitest"
import {
  allowedActions,
  isFinal,
  type JobAction,
  jobActions,
  jobStatuses,
  statusesAllowing,
  transition
} from "../../src/domain/JobStatus.ts"

describe("JobStatus", () => {
  it("lets a person do what the table says and nothing else", () => {
    const table = Object.fromEntries(jobStatuses.map((status) => [status, allowedActions(status)]))
    assert.deepStrictEqual(table, {
      pending: ["start", "cancel"],
      queued: ["pause", "cancel"],
      running: ["pause", "cancel"],
      paused: ["resume", "cancel"],
      completed: [],
      failed: ["resume", "cancel"],
      cancelled: []
    })
  })

  it("ends in completed and cancelled only", () => {
    assert.deepStrictEqual(jobStatuses.filter(isFinal), ["completed", "cancelled"])
  })

  it("answers from the one table whichever way it is asked", () => {
    for (const action of jobActions) {
      const from = jobStatuses.filter((status) => transition(status, action) !== undefined)
      assert.deepStrictEqual(statusesAllowing(action), from)
      for (const status of from) assert.include(allowedActions(status), action satisfies JobAction)
    }
  })

  it("never runs a job that no worker acquired", () => {
    for (const status of jobStatuses) {
      for (const action of jobActions) assert.notStrictEqual(transition(status, action), "running")
    }
  })
})
