import type { QueryClient } from "@tanstack/query-core"
import { type Accessor, createSignal } from "solid-js"
import type { JobJson } from "../../../src/control/api/JobJson.ts"
import type { JobFilter } from "../api/Queries.ts"
import type { Live } from "../live/Live.ts"

interface Page {
  readonly items: ReadonlyArray<JobJson>
  readonly next_cursor: string | null
}

export interface JobUpdates {
  /** How many belong into the lists in sight since those were asked for: they push no others down by themselves. */
  readonly unseen: Accessor<number>
  /** Asks for the lists anew. */
  readonly show: () => void
}

/** What was told is no older, unless an answer was faster. */
const newer = (held: JobJson | undefined, told: JobJson): JobJson =>
  held !== undefined && held.version > told.version ? held : told

const replaced = (page: Page | undefined, jobs: ReadonlyMap<string, JobJson | null>): Page | undefined => {
  if (!page?.items.some(({ id }) => jobs.has(id))) return page
  const items = page.items.flatMap((held) => {
    const told = jobs.get(held.id)
    return told === undefined ? [held] : told === null ? [] : [newer(held, told)]
  })
  return { ...page, items }
}

/** The lists that are in sight, with what each was asked for. */
const shownLists = (queries: QueryClient): ReadonlyArray<readonly [JobFilter, Page]> =>
  queries
    .getQueriesData<Page>({ queryKey: ["jobs"], type: "active" })
    // The key is what `queries.jobs` makes it.
    .flatMap(([key, page]) => (page === undefined ? [] : [[key[1] as JobFilter, page] as const]))

/** Whether it would be in a list that was asked for now, and is not. */
const isMissing = (
  job: JobJson,
  [{ cursor, status }, { items, next_cursor: next }]: readonly [JobFilter, Page]
) =>
  cursor === undefined &&
  (status === undefined || status.split(",").includes(job.status)) &&
  items.every(({ id }) => id !== job.id) &&
  (next === null || job.created_at > (items.at(-1)?.created_at ?? ""))

/** How many jobs are kept that no list in sight may have: more news than that nobody counts. */
const mostKnown = 500

/** Whatever the feed tells of jobs goes into what the pages show of them, at most ten times a second. */
export const makeJobUpdates = (live: Pick<Live, "subscribe">, queries: QueryClient): JobUpdates => {
  const [unseen, setUnseen] = createSignal(0)
  /** As each was told of last. */
  const known = new Map<string, JobJson>()
  const told = new Map<string, JobJson | null>()
  let isDue = false

  const count = () => {
    const lists = shownLists(queries)
    setUnseen([...known.values()].filter((job) => lists.some((list) => isMissing(job, list))).length)
  }
  const flush = () => {
    isDue = false
    for (const [id, job] of told) {
      known.delete(id)
      if (job === null) {
        // Its page asks, and is told that there is no such job.
        void queries.invalidateQueries({ queryKey: ["job", id], exact: true })
      } else {
        known.set(id, job)
        queries.setQueryData<JobJson>(["job", id], (held) => newer(held, job))
      }
    }
    for (const id of [...known.keys()].slice(0, -mostKnown)) known.delete(id)
    for (const { queryKey, state } of queries.getQueryCache().findAll({ queryKey: ["jobs"] })) {
      // As old as it was: what else belongs into it was not asked.
      const { dataUpdatedAt: updatedAt } = state
      queries.setQueryData<Page>(queryKey, (page) => replaced(page, told), { updatedAt })
    }
    // Where there is nothing, nothing is pushed down.
    const empty = shownLists(queries).filter(([, { items }]) => items.length === 0)
    for (const list of empty) {
      const isNews = [...told.values()].some((job) => job !== null && isMissing(job, list))
      if (isNews) void queries.invalidateQueries({ queryKey: ["jobs", list[0]], exact: true })
    }
    told.clear()
    count()
  }

  live.subscribe("jobs", {}, (frame) => {
    if (frame.type !== "job") return
    told.set(frame.job_id, frame.job)
    if (isDue) return
    isDue = true
    setTimeout(flush, 100)
  })
  // Another list, or another answer: what is news to it is another, too.
  queries.getQueryCache().subscribe(({ type, query }) => {
    const isOther = type === "updated" || type === "observerAdded" || type === "observerRemoved"
    if (isOther && query.queryKey[0] === "jobs") count()
  })

  return {
    unseen,
    show: () => void queries.invalidateQueries({ queryKey: ["jobs"] })
  }
}
