import { describe, expect, it } from "vitest"
import { jobStatuses } from "../../../src/domain/JobStatus.ts"
import { jobTitle, progressOf, windowText } from "../../../ui/src/lib/JobText.ts"
import { rateOf } from "../../../ui/src/pages/job/AppliedRate.ts"
import { whyNot } from "../../../ui/src/pages/jobs/JobDeeds.ts"
import { exampleJob as job } from "../JobExample.ts"

describe("a replay in words", () => {
  it("is known by its name, or the head of its id", () => {
    expect(jobTitle(job)).toBe("Replay 7c1f0e0a")
    expect(windowText(job, "utc")).toBe("Nov 22, 09:40 – 10:25")
    expect(windowText({ ...job, end_time: null, follow: true }, "utc")).toContain("on")
    expect(windowText({ ...job, start_time: null, end_time: null }, "utc")).toBe("from the beginning")
  })

  it("is as far as its changes, or its transactions where a filter passes over many", () => {
    expect(progressOf(job)).toBe(0.25)
    expect(progressOf({ ...job, events_total: null })).toBe(0.5)
    expect(progressOf({ ...job, follow: true })).toBeNull()
    expect(progressOf({ ...job, start_seq: null })).toBeNull()
    expect(progressOf({ ...job, status: "completed", events_processed: 0 })).toBe(1)
  })

  it("what cannot be done has a reason, by the server's own table", () => {
    for (const status of jobStatuses) {
      expect(whyNot("cancel", status) === null).toBe(status !== "completed" && status !== "cancelled")
    }
    expect(whyNot("pause", "failed")).toBe("A replay that is failed cannot pause: it can resume or cancel")
  })

  it("its rate is over what was seen, and unknown before there are two", () => {
    expect(rateOf([{ at: 0, value: 5 }], 0)).toBeNull()
    const seen = [0, 1000, 2000].map((at) => ({ at, value: at * 3 }))
    expect(rateOf(seen, 2000)).toBe(3000)
    expect(rateOf(seen, 60_000)).toBeNull()
  })
})
