import { cleanup, render, screen } from "@solidjs/testing-library"
import { createRoot, createSignal } from "solid-js"
import { afterEach, expect, it, vi } from "vitest"
import type { JobHistoryJson } from "../../../src/control/api/JobHistoryJson.ts"
import type { JobJson } from "../../../src/control/api/JobJson.ts"
import { JobHistory } from "../../../ui/src/pages/job/JobHistory.tsx"
import { AppContext } from "../../../ui/src/state/App.ts"
import { makeApp } from "../../../ui/src/state/MakeApp.ts"
import { exampleJob } from "../JobExample.ts"

const created: JobHistoryJson = {
  at: "2026-11-22T14:21:39.000000Z",
  what: "created",
  by: { type: "user", name: "ann", user: "ann" },
  speed_factor: null,
  name: null,
  position: null,
  reason: null,
  code: null,
  former_worker: null
}
const slowed: JobHistoryJson = { ...created, what: "changed", speed_factor: { from: "max", to: 2 } }

const show = (items: ReadonlyArray<JobHistoryJson>) => {
  const answer = vi.fn(async () => ({ items, next_cursor: null }))
  const app = createRoot(makeApp)
  const jobHistory = (id: string, cursor: string) => ({ queryKey: ["history", id, cursor], queryFn: answer })
  const [job, setJob] = createSignal<JobJson>(exampleJob)
  render(() => (
    <AppContext.Provider value={{ ...app, queries: { ...app.queries, jobHistory } }}>
      <JobHistory job={job()} />
    </AppContext.Provider>
  ))
  return { answer, setJob }
}

afterEach(cleanup)

it("says who did what, and asks again when something was done, not when it is further", async () => {
  const { answer, setJob } = show([slowed, created])
  await screen.findByText("ann changed the speed from max to 2x")
  expect(screen.getAllByRole("listitem").map(({ textContent }) => textContent)[1]).toMatch(/ann created it$/u)
  expect(answer).toHaveBeenCalledTimes(1)
  setJob({ ...exampleJob, events_processed: 300, version: 9 })
  expect(answer).toHaveBeenCalledTimes(1)
  setJob({ ...exampleJob, status: "paused" })
  await vi.waitFor(() => expect(answer).toHaveBeenCalledTimes(2))
})

it("says so where nothing is on record", async () => {
  show([])
  await screen.findByText("Nothing is on record")
})
