import { Context, type Effect, type Option, Schema, type Stream } from "effect"
import type {
  Checkpoint,
  Job,
  JobCounters,
  JobFailure,
  JobPlan,
  JobSkip,
  JobSpec,
  Speed
} from "../domain/Job.ts"
import type { JobAction, JobStatus } from "../domain/JobStatus.ts"
import type { Micros } from "../domain/Micros.ts"

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

/** Somebody has changed the job since. */
export class VersionMoved extends Schema.TaggedError<VersionMoved>()("VersionMoved", {
  jobId: Schema.String,
  version: Schema.Int
}) {
  override get message(): string {
    return `job ${this.jobId} is at version ${this.version}`
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

/** A job passes over the change that it failed at, and no other. */
export class SkipRefused extends Schema.TaggedError<SkipRefused>()("SkipRefused", {
  jobId: Schema.String,
  position: Schema.String,
  /** The change that it has failed at; null when it was none. */
  failedAt: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    return this.failedAt === null
      ? `job ${this.jobId} has failed for another reason than a change: there is nothing to skip`
      : `job ${this.jobId} has failed at ${this.failedAt}, not at ${this.position}`
  }
}

/** Which jobs a list is about, and in which order. */
export interface JobFilter {
  /** Null for all. */
  readonly statuses: ReadonlyArray<JobStatus> | null
  /** Null for all. */
  readonly createdAfter: Micros | null
  readonly oldestFirst: boolean
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
    /** The same, and nobody else changes it before the end of the transaction that is open. */
    readonly hold: (jobId: string) => Effect.Effect<Job, JobStoreError | JobNotFound>
    /** By time of creation, `cursor` from the page before. */
    readonly list: (
      query: JobFilter & { readonly limit: number; readonly cursor: string | null }
    ) => Effect.Effect<JobPage, JobStoreError>
    /** By the transition table; pause and cancel clear worker and lease in the same statement. The same action again changes nothing. */
    readonly act: (
      jobId: string,
      action: JobAction
    ) => Effect.Effect<Job, JobStoreError | JobNotFound | InvalidTransition>
    /** `versions`: only while the job is at one of them; null for whatever it is at. */
    readonly update: (
      jobId: string,
      change: { readonly name?: string | null; readonly speed?: Speed },
      versions?: ReadonlyArray<number> | null
    ) => Effect.Effect<Job, JobStoreError | JobNotFound | VersionMoved>
    /**
     * Notes that a failed job, once it is resumed, is to pass over the change that it has failed at. The same change again
     * changes nothing.
     */
    readonly skip: (
      jobId: string,
      skip: Pick<JobSkip, "position" | "reason" | "by">
    ) => Effect.Effect<Job, JobStoreError | JobNotFound | InvalidTransition | SkipRefused>
    /** Refused while a worker may hold it. */
    readonly remove: (
      jobId: string,
      versions?: ReadonlyArray<number> | null
    ) => Effect.Effect<void, JobStoreError | JobNotFound | InvalidTransition | VersionMoved>

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
    /**
     * Of these ids those of jobs that never go on: completed, cancelled, or deleted here. Left out are jobs that may be
     * resumed, and ids that were never jobs of this store.
     */
    readonly finished: (jobIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, JobStoreError>
    /** Drops what is kept of jobs that were deleted more than so many days ago: `finished` does not know them any more. */
    readonly dropDeleted: (days: number) => Effect.Effect<void, JobStoreError>
    /** Ids of jobs that changed: a hint that may be lost. Polling each second is what guarantees. */
    readonly changes: Stream.Stream<string, JobStoreError>
  }
>()("walstream/replay/JobStore") {}
