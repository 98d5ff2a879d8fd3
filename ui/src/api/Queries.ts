import { QueryClient, type QueryObserverOptions } from "@tanstack/query-core"
import type { AuditFilterQuery } from "../../../src/control/api/AuditApi.ts"
import type { JobListQuery } from "../../../src/control/api/JobsApi.ts"
import type { NewJob } from "../../../src/control/api/NewJob.ts"
import type { Api } from "./Api.ts"
import { asProblem } from "./ApiProblem.ts"

/** How often what has no live channel is asked for again, in milliseconds. */
const often = 5_000
const seldom = 30_000

/** Refused once is refused twice; what was not reached may be back. */
const mayHelp = (tries: number, error: unknown): boolean => {
  const { status } = asProblem(error)
  return tries < 2 && (status === 0 || status >= 500)
}

export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        structuralSharing: false,
        staleTime: 2_000,
        retry: mayHelp,
        retryDelay: (tries) => Math.min(4_000, 500 * 2 ** tries),
        refetchOnWindowFocus: true
      }
    }
  })

/** As it is, with the type of what it gives. */
const queryOptions = <A>(options: QueryObserverOptions<A>): QueryObserverOptions<A> => options

/** Of a list that is shown page by page; no cursor is an empty one. */
const pageOf = (cursor: string) => ({ limit: 50, ...(cursor === "" ? {} : { cursor }) })

/** Changes of a transaction that are shown at a time. */
export const changesShown = 200

export type JobFilter = Pick<JobListQuery, "status" | "sort" | "cursor" | "limit">

/** Every resource: its key, how it is asked for, and how often. */
export const makeQueries = ({ call }: Api) => ({
  source: () =>
    queryOptions({
      queryKey: ["source"],
      queryFn: ({ signal }) => call("system.source", {}, { signal }),
      refetchInterval: often
    }),
  coverage: () =>
    queryOptions({
      queryKey: ["coverage"],
      queryFn: ({ signal }) => call("system.coverage", {}, { signal }),
      refetchInterval: often
    }),
  doctor: () =>
    queryOptions({
      queryKey: ["doctor"],
      queryFn: ({ signal }) => call("system.doctor", {}, { signal }),
      refetchInterval: seldom
    }),
  ready: () =>
    queryOptions({
      queryKey: ["ready"],
      queryFn: ({ signal }) => call("health.ready", {}, { signal }),
      refetchInterval: often
    }),
  actors: () =>
    queryOptions({
      queryKey: ["actors"],
      queryFn: ({ signal }) => call("system.actors", {}, { signal }),
      refetchInterval: often
    }),
  targets: () =>
    queryOptions({
      queryKey: ["targets"],
      queryFn: ({ signal }) => call("system.targets", {}, { signal }),
      staleTime: 60_000
    }),
  stats: () =>
    queryOptions({
      queryKey: ["stats"],
      queryFn: ({ signal }) => call("events.stats", {}, { signal }),
      refetchInterval: often
    }),
  jobs: (filter: JobFilter) =>
    queryOptions({
      queryKey: ["jobs", filter],
      queryFn: ({ signal }) => call("jobs.list", { query: filter }, { signal })
    }),
  job: (id: string) =>
    queryOptions({
      queryKey: ["job", id],
      queryFn: ({ signal }) => call("jobs.get", { params: { id } }, { signal })
    }),
  jobFailures: (id: string) =>
    queryOptions({
      queryKey: ["job", id, "failures"],
      queryFn: ({ signal }) => call("jobs.failures", { params: { id }, query: { limit: 20 } }, { signal })
    }),
  jobHistory: (id: string, cursor: string) =>
    queryOptions({
      queryKey: ["job", id, "history", cursor],
      queryFn: ({ signal }) =>
        call("jobs.history", { params: { id }, query: { ...pageOf(cursor), limit: 20 } }, { signal })
    }),
  volume: (window: { readonly start: string; readonly end: string; readonly buckets: number }) =>
    queryOptions({
      queryKey: ["volume", window],
      queryFn: ({ signal }) => call("events.volume", { query: window }, { signal }),
      staleTime: 30_000
    }),
  /** What a job would come to. */
  estimate: (payload: NewJob) =>
    queryOptions({
      queryKey: ["estimate", payload],
      queryFn: ({ signal }) => call("jobs.estimate", { payload }, { signal }),
      staleTime: 5_000
    }),
  /** Tables that changed lately, by name. */
  recentTables: () =>
    queryOptions({
      queryKey: ["recent tables"],
      queryFn: async ({ signal }) => {
        const { items } = await call("events.recent", { query: { limit: 1000 } }, { signal })
        const names = items.flatMap(({ schema, table }) => (table === null ? [] : [`${schema}.${table}`]))
        return [...new Set(names)].toSorted().slice(0, 24)
      },
      staleTime: 60_000
    }),
  transaction: (seq: number, from: number) =>
    queryOptions({
      queryKey: ["transaction", seq, from],
      queryFn: ({ signal }) =>
        call("events.transaction", { params: { seq }, query: { limit: changesShown, from } }, { signal }),
      staleTime: Number.POSITIVE_INFINITY
    }),
  users: (cursor: string) =>
    queryOptions({
      queryKey: ["users", cursor],
      queryFn: ({ signal }) => call("users.list", { query: pageOf(cursor) }, { signal })
    }),
  keys: (cursor: string) =>
    queryOptions({
      queryKey: ["keys", cursor],
      queryFn: ({ signal }) => call("keys.list", { query: pageOf(cursor) }, { signal })
    }),
  /** Where one is logged in. */
  sessions: () =>
    queryOptions({
      queryKey: ["sessions"],
      queryFn: ({ signal }) => call("auth.sessions", {}, { signal })
    }),
  secondFactor: () =>
    queryOptions({
      queryKey: ["second-factor"],
      queryFn: ({ signal }) => call("auth.secondFactor", {}, { signal })
    }),
  audit: (filter: AuditFilterQuery, cursor: string) =>
    queryOptions({
      queryKey: ["audit", filter, cursor],
      queryFn: ({ signal }) => call("audit.list", { query: { ...filter, ...pageOf(cursor) } }, { signal })
    }),
  event: (position: string) =>
    queryOptions({
      queryKey: ["event", position],
      queryFn: ({ signal }) => call("events.event", { params: { position } }, { signal }),
      staleTime: Number.POSITIVE_INFINITY
    })
})
export type Queries = ReturnType<typeof makeQueries>
