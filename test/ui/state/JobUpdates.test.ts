import { QueryClient, QueryObserver } from "@tanstack/query-core"
import { createRoot } from "solid-js"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { JobJson } from "../../../src/control/api/JobJson.ts"
import type { JobFilter } from "../../../ui/src/api/Queries.ts"
import type { Frame, Live } from "../../../ui/src/live/Live.ts"
import { makeJobUpdates } from "../../../ui/src/state/JobUpdates.ts"
import { exampleJob } from "../JobExample.ts"

const set = () => {
  let receive: (frame: Frame) => void = () => undefined
  const live: Pick<Live, "subscribe"> = {
    subscribe: (_channel, _options, given) => {
      receive = given
      return () => undefined
    }
  }
  const cache = new QueryClient()
  const updates = createRoot(() => makeJobUpdates(live, cache))
  const tell = (job: typeof exampleJob | null) => {
    receive({ type: "job", id: "s", job_id: exampleJob.id, job })
    vi.advanceTimersByTime(100)
  }
  const tellMany = (jobs: ReadonlyArray<JobJson>) => {
    for (const job of jobs) receive({ type: "job", id: "s", job_id: job.id, job })
    vi.advanceTimersByTime(100)
  }
  const asked: Array<JobFilter> = []
  /** A page shows this list, as it was answered; gives what leaves it. */
  const look = (filter: JobFilter, items: ReadonlyArray<JobJson>, next_cursor: string | null = null) => {
    const queryKey = ["jobs", filter]
    cache.setQueryData(queryKey, { items, next_cursor })
    const queryFn = () => {
      asked.push(filter)
      return new Promise<never>(() => undefined)
    }
    return new QueryObserver(cache, { queryKey, queryFn, staleTime: 60_000 }).subscribe(() => undefined)
  }
  return {
    cache,
    updates,
    tell,
    tellMany,
    look,
    asked,
    held: () => cache.getQueryData(["job", exampleJob.id])
  }
}

const later = "2026-11-22T15:00:00.000000Z"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe("what the feed tells of jobs", () => {
  it("is what the pages show", () => {
    const { cache, tell, held } = set()
    cache.setQueryData(["jobs", {}], { items: [exampleJob], next_cursor: null })
    const hurried = { ...exampleJob, speed_factor: 8, version: 2 }
    tell(hurried)
    expect(held()).toEqual(hurried)
    expect(cache.getQueryData(["jobs", {}])).toEqual({ items: [hurried], next_cursor: null })
    tell(null)
    expect(cache.getQueryData(["jobs", {}])).toEqual({ items: [], next_cursor: null })
  })

  it("does not make a list younger than its answer: whoever comes to it asks anew", () => {
    const { cache, tell } = set()
    const updatedAt = Date.now() - 60_000
    cache.setQueryData(["jobs", {}], { items: [exampleJob], next_cursor: null }, { updatedAt })
    tell({ ...exampleJob, version: 2 })
    expect(cache.getQueryState(["jobs", {}])).toMatchObject({
      dataUpdatedAt: updatedAt,
      data: { items: [{ version: 2 }] }
    })
  })

  it("makes the page of a job that was deleted elsewhere ask for it", () => {
    const { cache, tell } = set()
    const queryKey = ["job", exampleJob.id]
    cache.setQueryData(queryKey, exampleJob)
    const queryFn = vi.fn(() => new Promise<never>(() => undefined))
    new QueryObserver(cache, { queryKey, queryFn, staleTime: 60_000 }).subscribe(() => undefined)
    tell({ ...exampleJob, version: 2 })
    expect(queryFn).not.toHaveBeenCalled()
    tell(null)
    expect(queryFn).toHaveBeenCalledOnce()
  })

  it("is kept of the newest only, however many there are", () => {
    const { updates, tellMany, look } = set()
    look({ limit: 50 }, [{ ...exampleJob, id: "before" }])
    tellMany(Array.from({ length: 3_000 }, (_, i) => ({ ...exampleJob, id: `job ${i}`, created_at: later })))
    expect(updates.unseen()).toBe(500)
  })

  it("does not replace the answer to what was asked since", () => {
    const { cache, tell, held } = set()
    const answer = { ...exampleJob, speed_factor: "max" as const, version: 3 }
    cache.setQueryData(["job", exampleJob.id], answer)
    cache.setQueryData(["jobs", {}], { items: [answer], next_cursor: null })
    tell({ ...exampleJob, version: 2 })
    expect(held()).toEqual(answer)
    expect(cache.getQueryData(["jobs", {}])).toEqual({ items: [answer], next_cursor: null })
  })

  it("counts what belongs into the list in sight by now, and pushes nothing down", async () => {
    const { cache, updates, tell, look } = set()
    look({ limit: 50 }, [{ ...exampleJob, id: "before" }])
    tell({ ...exampleJob, created_at: later })
    expect(updates.unseen()).toBe(1)
    expect(cache.getQueryData(["jobs", { limit: 50 }])).toEqual(
      expect.objectContaining({ items: [{ ...exampleJob, id: "before" }] })
    )
    cache.setQueryData(["jobs", { limit: 50 }], { items: [exampleJob], next_cursor: null })
    expect(updates.unseen()).toBe(0)
  })

  it("is of no list that it does not belong into: of another state, or older than all of its page", () => {
    const { updates, tell, look } = set()
    const leave = look({ limit: 50, status: "failed" }, [{ ...exampleJob, id: "before" }])
    tell({ ...exampleJob, created_at: later, status: "running" })
    expect(updates.unseen()).toBe(0)
    tell({ ...exampleJob, created_at: later, status: "failed" })
    expect(updates.unseen()).toBe(1)
    leave()
    look({ limit: 1 }, [{ ...exampleJob, id: "before", created_at: later }], "cursor of the next")
    tell(exampleJob)
    expect(updates.unseen()).toBe(0)
  })

  it("makes a list that has nothing ask again", () => {
    const { tell, look, asked } = set()
    look({ limit: 50 }, [])
    look({ limit: 50, status: "failed" }, [])
    tell({ ...exampleJob, status: "running" })
    expect(asked).toEqual([{ limit: 50 }])
  })
})
