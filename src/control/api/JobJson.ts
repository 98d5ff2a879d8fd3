import { Schema } from "effect"
import { operations } from "../../domain/Change.ts"
import { dedupeModes, type Job, mismatchModes, storeKinds } from "../../domain/Job.ts"
import { jobStatuses } from "../../domain/JobStatus.ts"
import { formatLsn, type Lsn } from "../../domain/Lsn.ts"
import { formatMicros, type Micros } from "../../domain/Micros.ts"
import { LiveJson } from "./LiveJson.ts"

const Text = Schema.NullOr(Schema.String)
const Count = Schema.NullOr(Schema.Int)

/** Something about a job that a person should know before relying on it. Codes are for programs, an open list. */
export const JobWarning = Schema.Struct({ code: Schema.String, message: Schema.String }).annotate({
  identifier: "JobWarning"
})
export type JobWarning = typeof JobWarning.Type

/** A replay job as the API shows it: what was asked for, what was decided, how far it is, who runs it. */
export const JobJson = Schema.Struct({
  id: Schema.String,
  name: Text,
  status: Schema.Literals(jobStatuses),
  start_time: Text,
  end_time: Text,
  start_lsn: Text,
  end_lsn: Text,
  start_seq: Count,
  /** Exclusive. */
  end_seq: Count,
  speed_factor: Schema.Union([Schema.Finite, Schema.Literal("max")]),
  tables: Schema.NullOr(Schema.Array(Schema.String)),
  operations: Schema.NullOr(Schema.Array(Schema.Literals(operations))),
  target: Schema.String,
  dry_run: Schema.Boolean,
  dedupe: Schema.Literals(dedupeModes),
  on_mismatch: Schema.Literals(mismatchModes),
  max_gap_seconds: Schema.NullOr(Schema.Finite),
  follow: Schema.Boolean,
  strict_source: Schema.Boolean,
  replay_source: Schema.NullOr(Schema.Literals(storeKinds)),
  replay_source_reason: Text,
  /** Changes in the window; null for a job with a filter, which passes over many, one that follows, or is not planned yet. */
  events_total: Count,
  events_processed: Schema.Int,
  events_duplicate: Schema.Int,
  events_converged: Schema.Int,
  /** Changes that it has passed over because a person said so. */
  events_skipped: Schema.Int,
  /** All that it is to pass over, with who said so and why. */
  skips: Schema.Array(
    Schema.Struct({
      position: Schema.String,
      reason: Schema.String,
      skipped_by: Schema.String,
      skipped_at: Schema.String
    })
  ),
  /** The last change that is done, as events are named. */
  last_position: Text,
  /** The same as `seq:ordinal`: the plain form of the checkpoint. */
  last_processed_id: Text,
  checkpoint: Schema.NullOr(
    Schema.Struct({
      seq: Schema.Int,
      ordinal: Schema.Int,
      commit_time: Text,
      /** By partition the offset from which on the archive in Kafka is read after a resume; empty for other stores. */
      hints: Schema.Record(Schema.String, Schema.String)
    })
  ),
  worker_id: Text,
  lease_epoch: Schema.Int,
  lease_expires_at: Text,
  /** The commit time that the replay has reached. */
  replay_clock: Text,
  error: Schema.NullOr(Schema.Struct({ code: Schema.String, message: Schema.String, position: Text })),
  created_at: Schema.String,
  started_at: Text,
  completed_at: Text,
  version: Schema.Int,
  /** How it goes where it runs; null when it does not run, or its process has told nothing for ten seconds. */
  live: Schema.NullOr(LiveJson),
  warnings: Schema.Array(JobWarning)
}).annotate({ identifier: "Job" })
export type JobJson = typeof JobJson.Type

const timeText = (time: Micros | null): string | null => (time === null ? null : formatMicros(time))
const lsnText = (lsn: Lsn | null): string | null => (lsn === null ? null : formatLsn(lsn))

/** What is known of a job beside its row. */
export interface JobBeside {
  readonly live: LiveJson | null
  readonly warnings: ReadonlyArray<JobWarning>
}

const nothing: JobBeside = { live: null, warnings: [] }

export const jobJson = (job: Job, { live, warnings }: JobBeside = nothing): JobJson => {
  const { spec, plan, checkpoint, counters, failure, lease } = job
  return {
    id: job.id,
    name: spec.name,
    status: job.status,
    start_time: timeText(spec.startTime),
    end_time: timeText(spec.endTime),
    start_lsn: lsnText(spec.startLsn),
    end_lsn: lsnText(spec.endLsn),
    start_seq: plan?.range.start ?? null,
    end_seq: plan?.range.end ?? null,
    speed_factor: spec.speed,
    tables: spec.tables,
    operations: spec.operations,
    target: spec.target,
    dry_run: spec.dryRun,
    dedupe: spec.dedupe,
    on_mismatch: spec.onMismatch,
    max_gap_seconds: spec.maxGapSeconds,
    follow: spec.follow,
    strict_source: spec.strictSource,
    replay_source: plan?.store ?? null,
    replay_source_reason: plan?.storeReason ?? null,
    events_total: spec.tables === null && spec.operations === null ? (plan?.changes ?? null) : null,
    events_processed: counters.processed,
    events_duplicate: counters.duplicate,
    events_converged: counters.converged,
    events_skipped: job.skips.filter(({ position }) => position <= (checkpoint?.outer ?? "")).length,
    skips: job.skips.map(({ position, reason, by, at }) => ({
      position,
      reason,
      skipped_by: by,
      skipped_at: formatMicros(at)
    })),
    last_position: checkpoint?.outer ?? null,
    last_processed_id:
      checkpoint === null ? null : `${checkpoint.position.seq}:${checkpoint.position.ordinal}`,
    checkpoint:
      checkpoint === null
        ? null
        : { ...checkpoint.position, commit_time: timeText(checkpoint.commitTime), hints: checkpoint.hints },
    worker_id: lease?.worker ?? null,
    lease_epoch: job.leaseEpoch,
    lease_expires_at: timeText(lease?.expiresAt ?? null),
    replay_clock: timeText(checkpoint?.commitTime ?? null),
    error: failure === null ? null : { ...failure },
    created_at: formatMicros(job.createdAt),
    started_at: timeText(job.startedAt),
    completed_at: timeText(job.completedAt),
    version: job.version,
    live,
    warnings
  }
}
