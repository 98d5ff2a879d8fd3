import { Context, type Effect, type Option, Schema, type Stream } from "effect"
import type { Checkpoint, Job, JobCounters, JobFailure, JobPlan, JobSpec, Speed } from "../domain/Job.ts"
import type { JobAction, JobStatus } from "../domain/JobStatus.ts"

/** The job store cannot be reached or refused a statement. */
export class JobStoreError extends Schema.TaggedError<JobStoreError>()("JobStoreError", {
  detail: Schema.String,
  isRetryable: Schema.Boolean
}) {
  override get message(): string {
    return `job store: ${this.detail}`
  }
}

/** The lease is somebody else's, or was cleared by pause or cancel: stop, write nothing more. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  jobId: Schema.String,
  /** What the job is now; null when it is gone. */
  status: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    return `job ${this.jobId}: the lease is lost (now ${this.status ?? "deleted"})`
  }
}

export class JobNotFound extends Schema.TaggedError<JobNotFound>()("JobNotFound", { jobId: Schema.String }) {
  override get message(): string {
    return `no job ${this.jobId}`
  }
}

export class InvalidTransition extends Schema.TaggedError<InvalidTransition>()("InvalidTransition", {
  jobId: Schema.String,
  from: Schema.String,
  action: Schema.String,
  allowed: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `job ${this.jobId} is ${this.from}: cannot ${this.action}`
  }
}

export interface JobPage {
  readonly items: ReadonlyArray<Job>
  readonly next: string | null
}

/**
 * Replay jobs in the control database. All times are the database's. Whatever a holder writes is conditional on
 * its epoch: a holder whose lease was taken or cleared gets LeaseLost and has changed nothing.
 */
export class JobStore extends Context.Service<
  JobStore,
  {
    readonly create: (spec: JobSpec) => Effect.Effect<Job, JobStoreError>
    readonly find: (jobId: string) => Effect.Effect<Job, JobStoreError | JobNotFound>
    /** Newest first, `cursor` from the page before. */
    readonly list: (query: {
      readonly statuses: ReadonlyArray<JobStatus> | null
      readonly limit: number
      readonly cursor: string | null
    }) => Effect.Effect<JobPage, JobStoreError>
    /** By the transition table; pause and cancel clear worker and lease in the same statement. The same action again changes nothing. */
    readonly act: (
      jobId: string,
      action: JobAction
    ) => Effect.Effect<Job, JobStoreError | JobNotFound | InvalidTransition>
    readonly update: (
      jobId: string,
      change: { readonly name?: string | null; readonly speed?: Speed }
    ) => Effect.Effect<Job, JobStoreError | JobNotFound>
    /** Refused while a worker may hold it. */
    readonly remove: (jobId: string) => Effect.Effect<void, JobStoreError | JobNotFound | InvalidTransition>

    /**
     * Takes one job that is queued, or running under an expired lease or for a worker whose session lock is gone, and
     * gives it the next epoch. A job whose workers are lost three times in a row while they work on it is failed instead
     * (code `takeovers`): it may be what kills them. The count begins anew with progress, with a renewal at rest, and
     * with what a person does to the job.
     */
    readonly acquire: (
      worker: string,
      leaseSeconds: number
    ) => Effect.Effect<Option.Option<Job>, JobStoreError>
    /**
     * Extends the lease; the answer is the job as it is now (its speed may have changed). `atRest`: since the holder took
     * the job it has come to where it has nothing in hand, and waits. If it is lost there, that is not the job's doing.
     */
    readonly renew: (
      jobId: string,
      epoch: number,
      leaseSeconds: number,
      atRest: boolean
    ) => Effect.Effect<Job, JobStoreError | LeaseLost>
    readonly plan: (
      jobId: string,
      epoch: number,
      plan: JobPlan
    ) => Effect.Effect<void, JobStoreError | LeaseLost>
    /** Progress: the checkpoint, and what to add to the counters. */
    readonly progress: (
      jobId: string,
      epoch: number,
      checkpoint: Checkpoint,
      added: JobCounters
    ) => Effect.Effect<void, JobStoreError | LeaseLost>
    readonly complete: (jobId: string, epoch: number) => Effect.Effect<void, JobStoreError | LeaseLost>
    readonly fail: (
      jobId: string,
      epoch: number,
      failure: JobFailure
    ) => Effect.Effect<void, JobStoreError | LeaseLost>
    /** Back to queued: an orderly stop of the worker. */
    readonly release: (jobId: string, epoch: number) => Effect.Effect<void, JobStoreError | LeaseLost>
    /** Ids of jobs that changed: a hint that may be lost. Polling each second is what guarantees. */
    readonly changes: Stream.Stream<string, JobStoreError>
  }
>()("walstream/replay/JobStore") {}
