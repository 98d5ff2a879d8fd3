import { Cause, Clock, Effect, Exit, Layer } from "effect"
import type { JobCounters } from "../../domain/Job.ts"
import { type ApplyBatch, type ApplyOptions, Targets } from "../../replay/Target.ts"
import { TargetError } from "../../replay/TargetError.ts"
import { isChosen } from "../../runtime/trace/TraceIds.ts"
import type { Span, Tracer } from "../../runtime/trace/Tracing.ts"
import { transactionTrace } from "./TransactionTrace.ts"

/** Where a batch is applied: by the worker's way into the target, or by the replayer that it is sent to. */
type Place = "worker" | "replayer"

/** Of each chosen transaction in a batch the first change. A large one comes in many batches, each a span of its own. */
const chosenIn = ({ chunks }: ApplyBatch, ratio: number): ReadonlyMap<number, number> => {
  const found = new Map<number, number>()
  for (const { seq, firstOrdinal } of chunks) {
    if (!found.has(seq) && isChosen(seq, ratio)) found.set(seq, firstOrdinal)
  }
  return found
}

/** Which kind of failure: messages name more than a trace is to hold. Null for none. */
const failureOf = (exit: Exit.Exit<JobCounters, TargetError>): string | null => {
  if (Exit.isSuccess(exit)) return null
  const error = Cause.squash(exit.cause)
  return error instanceof TargetError ? error.reason._tag : "defect"
}

const namesOf = (place: Place): Pick<Span, "name" | "kind"> =>
  place === "worker" ? { name: "apply", kind: "consumer" } : { name: "replayer apply", kind: "server" }

/** Targets that record how long batches took in which a chosen transaction was. One taken back is not recorded. */
export const tracedTargets = (tracer: Tracer, place: Place): Layer.Layer<Targets, never, Targets> => {
  const recordBatch = (
    target: string,
    { source, jobId, epoch }: ApplyOptions,
    chosen: ReadonlyMap<number, number>,
    taken: Pick<Span, "begun" | "ended" | "failed">
  ): void => {
    for (const [seq, ordinal] of chosen) {
      const ids = transactionTrace(source, seq)
      const job = { jobId, epoch, ordinal }
      tracer.record({
        ...namesOf(place),
        ...taken,
        traceId: ids.traceId,
        spanId: place === "worker" ? ids.apply(job) : ids.replayerApply(job),
        parentId: place === "worker" ? ids.append : ids.apply(job),
        attributes: {
          "walstream.history": source,
          "walstream.seq": seq,
          "walstream.job_id": jobId,
          "walstream.target": target
        }
      })
    }
  }
  return Layer.effect(
    Targets,
    Effect.map(Targets, (targets) => ({
      ...targets,
      open: (target, dryRun, options) =>
        Effect.map(targets.open(target, dryRun, options), (session) => ({
          ...session,
          apply: (batch) => {
            const chosen = chosenIn(batch, tracer.ratio)
            if (chosen.size === 0) return session.apply(batch)
            return Effect.flatMap(Clock.currentTimeMillis, (begun) =>
              Effect.onExit(session.apply(batch), (exit) =>
                Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
                  ? Effect.void
                  : Effect.map(Clock.currentTimeMillis, (ended) =>
                      recordBatch(target, options, chosen, { begun, ended, failed: failureOf(exit) })
                    )
              )
            )
          }
        }))
    }))
  )
}
