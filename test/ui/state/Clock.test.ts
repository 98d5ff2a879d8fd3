import { createRoot } from "solid-js"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { makeClock } from "../../../ui/src/state/Clock.ts"

const start = Date.parse("2026-11-22T10:00:00Z")
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()

beforeEach(() => void vi.useFakeTimers({ now: start }))
afterEach(() => void vi.useRealTimers())

it("goes by the server's clock as soon as that is heard of, however far the browser's is off", () => {
  const clock = createRoot(makeClock)
  expect(clock.now().toISOString()).toBe(at(0))
  for (const off of [300, -300]) {
    clock.heard(at(off))
    expect(clock.now().toISOString()).toBe(at(off))
  }
  vi.advanceTimersByTime(5_000)
  expect(clock.now().toISOString()).toBe(at(-295))
  expect(clock.millis()).toBe(start - 295_000)
})

it("does not jump by the second that a frame takes to come, nor by what is no time", () => {
  const clock = createRoot(makeClock)
  for (const told of [at(-1.5), at(1), "soon"]) clock.heard(told)
  expect(clock.millis()).toBe(start)
  clock.heard(at(60))
  vi.advanceTimersByTime(1_000)
  clock.heard(at(60))
  expect(clock.millis()).toBe(start + 61_000)
  clock.heard(at(1))
  expect(clock.millis()).toBe(start + 1_000)
})
