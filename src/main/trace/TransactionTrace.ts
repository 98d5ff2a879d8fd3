import { spanIdOf, traceIdOf } from "../../runtime/trace/TraceIds.ts"

/** Ids of the spans of one transaction. */
export interface TransactionTrace {
  readonly traceId: string
  readonly capture: string
  readonly append: string
  /** Of a job's work on it, from this change on. */
  readonly apply: (job: AppliedBy) => string
  readonly replayerApply: (job: AppliedBy) => string
}

export interface AppliedBy {
  readonly jobId: string
  readonly epoch: number
  readonly ordinal: number
}

/**
 * Made of what every process knows of it, so that its spans meet in one trace though neither the archive's records nor
 * batches carry anything for them. A history's name tells apart those in which seq has begun anew.
 */
export const transactionTrace = (history: string, seq: number): TransactionTrace => {
  const traceId = traceIdOf(`${history}/${seq}`)
  const of = (...parts: ReadonlyArray<string | number>) => spanIdOf([traceId, ...parts].join("/"))
  return {
    traceId,
    capture: of("capture"),
    append: of("append"),
    apply: ({ jobId, epoch, ordinal }) => of("apply", jobId, epoch, ordinal),
    replayerApply: ({ jobId, epoch, ordinal }) => of("replayer apply", jobId, epoch, ordinal)
  }
}
