import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { atMostEvery } from "../../../ui/src/lib/AtMostEvery.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it("runs at once, and for all that comes in a pause once at its end", () => {
  const run = vi.fn()
  const { ask } = atMostEvery(1_000, run)
  ask()
  expect(run).toHaveBeenCalledTimes(1)
  for (let i = 0; i < 5; i++) ask()
  vi.advanceTimersByTime(999)
  expect(run).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1)
  expect(run).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(5_000)
  expect(run).toHaveBeenCalledTimes(2)
  ask()
  expect(run).toHaveBeenCalledTimes(3)
})

it("stopped, it does not run any more", () => {
  const run = vi.fn()
  const { ask, stop } = atMostEvery(1_000, run)
  ask()
  ask()
  stop()
  vi.advanceTimersByTime(5_000)
  expect(run).toHaveBeenCalledTimes(1)
})
