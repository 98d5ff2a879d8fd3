import { Effect, type Exit, type Scope, Stream } from "effect"
import { type Filter, makeFilter } from "../domain/Filter.ts"
import type { JobPlan, JobSpec } from "../domain/Job.ts"
import { comparePosition, origin, type Position } from "../domain/Position.ts"
import { Archive } from "../log/Archive.ts"
import type { LiveBuffer } from "../log/LiveBuffer.ts"
import { Backlog, type BacklogLimits } from "./Backlog.ts"
import { unrecorded } from "./CatchUp.ts"
import { Feed } from "./Feed.ts"
import { insistOnHistory, pinEnd, pinRoute } from "./JobPlanner.ts"
import type { JobStore, JobStoreError, LeaseLost } from "./JobStore.ts"
import { replayLoop } from "./ReplayLoop.ts"
import type { Run } from "./Run.ts"
import { makeSkips } from "./Skips.ts"
import { Targets } from "./Target.ts"
import type { ReplayError } from "./Verdict.ts"

export type AttemptError = ReplayError | JobStoreError | LeaseLost

/** The filter as one text, the same for the same filter: what the ledger's intervals are about. */
export const filterText = (spec: Pick<JobSpec, "tables" | "operations">): string =>
  JSON.stringify([spec.tables?.toSorted() ?? null, spec.operations?.toSorted() ?? null])

const behind = (position: Position): Position => ({ seq: position.seq, ordinal: position.ordinal + 1 })

/** Books what an earlier life applied and could not book. History that is gone cannot be counted any more. */
const catchUp = Effect.fnUntraced(function* (run: Run, plan: JobPlan, ledger: Position, filter: Filter) {
  const booked = run.checkpoint?.position
  const from = booked === undefined ? { seq: plan.range.start, ordinal: 0 } : behind(booked)
  const found = yield* unrecorded(
    from,
    ledger,
    filter,
    makeSkips(run.job.skips.map(({ position }) => position)),
    run.checkpoint?.hints ?? {}
  ).pipe(
    Effect.catchIf(
      (error) => !error.isRetryable,
      (error) =>
        Effect.as(
          Effect.logWarning("what was applied before cannot be counted", {
            detail: error.message
          }),
          undefined
        )
    )
  )
  if (found === undefined) return
  run.passed(found.until, { processed: found.changes, duplicate: 0, converged: 0 })
})

/**
 * One try at the rest of a job: opens the target, asks its ledger where to go on, reads and applies from there to
 * the window's end. Returns when all is applied, or early when the run was stopped.
 */
export const attempt = Effect.fnUntraced(function* (
  run: Run,
  plan: JobPlan,
  source: string,
  limits: BacklogLimits
): Effect.fn.Return<void, AttemptError, Targets | JobStore | Archive | LiveBuffer | Scope.Scope> {
  const targets = yield* Targets
  const archive = yield* Archive
  const { spec } = run.job
  const skips = run.job.skips.map(({ position }) => position)
  run.phase = "opening"
  const session = yield* targets.open(spec.target, spec.dryRun, {
    jobId: run.job.id,
    source: plan.history ?? source,
    epoch: run.epoch,
    startSeq: plan.range.start,
    filterText: filterText(spec),
    dedupe: spec.dedupe,
    onMismatch: spec.onMismatch,
    skips
  })
  // A dry run leaves no ledger behind: there the checkpoint is all there is.
  const ledger = (yield* session.position) ?? (spec.dryRun ? (run.checkpoint?.position ?? null) : null)
  run.goOn()
  run.applying = session.mode
  const filter = makeFilter(spec.tables, spec.operations)
  if (ledger !== null) yield* catchUp(run, plan, ledger, filter)

  const start: Position = { seq: plan.range.start, ordinal: 0 }
  const next = ledger === null || comparePosition(behind(ledger), start) < 0 ? start : behind(ledger)
  const backlog = new Backlog(next, filter, limits, run.checkpoint?.hints)
  const feed = new Feed(backlog)
  let current = plan
  /** Tries to read in a row that have failed. */
  let readings = 0
  let fed: Exit.Exit<void, AttemptError> | null = null
  const held = Effect.suspend(() => insistOnHistory(source, current))
  // A job that has more than the archive, which came from a backup, reads nothing: it is told by the next life itself.
  const replaced = archive.coverageChanges.pipe(
    Stream.mapEffect(() => archive.incarnations),
    Stream.map((lives) => lives.length),
    Stream.changes,
    Stream.runForEach(() => held),
    Effect.andThen(Effect.never)
  )
  yield* feed
    .run<AttemptError, JobStore | Archive>(spec, plan, {
      onData: () => {
        readings = 0
        run.goOn()
        run.wakeup.notify()
      },
      onRetry: (error, now) => {
        readings += 1
        run.retry(now, error.message, readings)
        if (backlog.peek() === undefined) run.rest()
      },
      onLife: held,
      onEnd: Effect.fnUntraced(function* (end: number) {
        current = yield* pinEnd(run, current, end)
      }),
      onFallback: Effect.fnUntraced(function* (to) {
        yield* Effect.logWarning("the job goes on from the archive", { reason: to.reason })
        current = yield* pinRoute(run, current, to)
      })
    })
    .pipe(
      Effect.raceFirst(replaced),
      Effect.exit,
      Effect.map((exit) => {
        fed = exit
        run.wakeup.notify()
      }),
      Effect.forkScoped
    )
  const follows = ledger ?? origin
  const caughtUp = archive.coverage.pipe(
    Effect.map(({ nextSeq }) => backlog.reached(nextSeq)),
    Effect.orElseSucceed(() => false)
  )
  yield* replayLoop({ run, backlog, session, follows, room: feed.room, caughtUp, fed: () => fed })
}, Effect.scoped)
