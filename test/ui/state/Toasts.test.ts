import { createRoot } from "solid-js"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { makeToasts } from "../../../ui/src/state/Toasts.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe("short words about what was done", () => {
  it("go by themselves, what went wrong later than what went well", () => {
    const toasts = createRoot(makeToasts)
    toasts.show({ tone: "ok", title: "done" })
    toasts.show({ tone: "bad", title: "refused" })
    const titles = () => toasts.items().map(({ title }) => title)
    vi.advanceTimersByTime(6_000)
    expect(titles()).toEqual(["refused"])
    vi.advanceTimersByTime(9_000)
    expect(titles()).toEqual([])
  })

  it("are four at most, the newest, and can be sent away", () => {
    const toasts = createRoot(makeToasts)
    for (const title of ["a", "b", "c", "d", "e"]) toasts.show({ tone: "ok", title })
    expect(toasts.items().map(({ title }) => title)).toEqual(["b", "c", "d", "e"])
    toasts.dismiss(toasts.items()[1]?.id ?? -1)
    expect(toasts.items().map(({ title }) => title)).toEqual(["b", "d", "e"])
  })
})
