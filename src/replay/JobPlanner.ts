import { Effect, Stream } from "effect"
import type { JobPlan } from "../domain/Job.ts"
import { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import type { LogError } from "../log/LogError.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { historyName, historyParts, isHeld } from "./HistoryName.ts"
import { HistoryReplaced } from "./HistoryReplaced.ts"
import { JobStore, JobStoreError, type LeaseLost } from "./JobStore.ts"
import { type Route, route } from "./Router.ts"
import type { Run } from "./Run.ts"
import { resolveWindow, type WindowError } from "./WindowResolver.ts"

/** A write to the job store that may wait: the lease keeper ends the runner when it waits too long. */
export const insist = <A, E, R>(write: Effect.Effect<A, E | JobStoreError, R>) =>
  Effect.retry(write, {
    schedule: reconnect,
    while: (error) => error instanceof JobStoreError && error.isRetryable
  })

const pin = Effect.fnUntraced(function* (
  run: Run,
  plan: JobPlan
): Effect.fn.Return<JobPlan, JobStoreError | LeaseLost, JobStore> {
  const store = yield* JobStore
  yield* insist(store.plan(run.job.id, run.epoch, plan))
  run.plan = plan
  return plan
})

/** The name of the history that the archive holds; null when none has begun. */
const heldHistory = Effect.fnUntraced(function* (
  source: string
): Effect.fn.Return<string | null, LogError, Archive> {
  const archive = yield* Archive
  const incarnations = yield* archive.incarnations
  return incarnations.length === 0 ? null : historyName(source, incarnations)
})

/** The same, once there is one: capture has not reached the source yet. Coverage moves with its first mark. */
const awaitHistory = Effect.fnUntraced(function* (
  source: string,
  onWait: () => void
): Effect.fn.Return<string, LogError, Archive> {
  const archive = yield* Archive
  const held = yield* heldHistory(source)
  if (held !== null) return held
  onWait()
  const found = yield* archive.coverageChanges.pipe(
    Stream.mapEffect(() => heldHistory(source)),
    Stream.filter((history) => history !== null),
    Stream.runHead
  )
  return found._tag === "Some" ? found.value : yield* Effect.never
})

/** Fails when the seqs that were pinned are not those of the archive any more. */
export const insistOnHistory = Effect.fnUntraced(function* (
  source: string,
  { history, range }: Pick<JobPlan, "history" | "range">
): Effect.fn.Return<void, LogError | HistoryReplaced, Archive> {
  const archive = yield* Archive
  const incarnations = yield* archive.incarnations
  const parts = historyParts(source, incarnations)
  if (history === null || isHeld(parts, history, range)) return
  const found = incarnations.length === 0 ? undefined : parts.at(-1)?.name
  return yield* new HistoryReplaced({ planned: history, found: found ?? "one that has not begun" })
})

/**
 * What was pinned, or else window, store and volume decided now and pinned. Waits while the window's start lies
 * ahead, and for the beginning of a history that has not begun.
 */
export const planJob = Effect.fnUntraced(function* (
  run: Run,
  options: { readonly source: string; readonly bufferMaxAgeSeconds: number }
): Effect.fn.Return<
  JobPlan,
  LogError | WindowError | HistoryReplaced | JobStoreError | LeaseLost,
  JobStore | Archive | LiveBuffer
> {
  if (run.plan !== null) {
    yield* insistOnHistory(options.source, run.plan)
    return run.plan
  }
  const archive = yield* Archive
  const { spec } = run.job
  const onWait = () => run.rest()
  const range = yield* resolveWindow(spec, onWait)
  const isEmpty = range.end !== null && range.end <= range.start
  const history = yield* isEmpty ? heldHistory(options.source) : awaitHistory(options.source, onWait)
  const { startTime, endTime, speed } = spec
  const { store, reason } = yield* route({
    range,
    speed,
    startTime,
    endTime,
    maxAgeSeconds: options.bufferMaxAgeSeconds
  })
  const changes = range.end === null ? null : (yield* archive.volume(range.start, range.end)).changes
  return yield* pin(run, { history, range, store, storeReason: reason, changes })
})

/** The end of a window that lay ahead at first is known. */
export const pinEnd = Effect.fnUntraced(function* (
  run: Run,
  plan: JobPlan,
  end: number
): Effect.fn.Return<JobPlan, LogError | JobStoreError | LeaseLost, JobStore | Archive> {
  const archive = yield* Archive
  const { start } = plan.range
  const { changes } = yield* archive.volume(start, end)
  return yield* pin(run, { ...plan, range: { start, end }, changes })
})

/** The job goes on from another store. */
export const pinRoute = (run: Run, plan: JobPlan, to: Route) =>
  pin(run, { ...plan, store: to.store, storeReason: to.reason })
