import { createRoot, createSignal } from "solid-js"
import { expect, test, vi } from "vitest"
import { createReplayClock } from "../../../ui/src/pages/job/ReplayClock.ts"
import { exampleJob } from "../JobExample.ts"

const running = {
  ...exampleJob,
  replay_clock: "2026-11-22T09:41:00.000000Z",
  live: {
    phase: "replaying",
    replay_clock: null,
    effective_speed: 4,
    pacing_error_ms: null,
    lag_seconds: null,
    retrying: null,
    apply: null,
    batch: null
  }
} satisfies typeof exampleJob

test("a clock runs on between what is told, and stands for nothing when there is none", async () => {
  const [job, setJob] = createSignal<typeof exampleJob>(running)
  const clock = createRoot(() => createReplayClock(job))
  const begun = Date.parse(running.replay_clock)
  await vi.waitFor(() => expect(clock()?.getTime()).toBeGreaterThan(begun))
  setJob(exampleJob)
  expect(clock()).toBeNull()
  await new Promise((drawn) => requestAnimationFrame(drawn))
  expect(clock()).toBeNull()
})
