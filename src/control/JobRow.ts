import { Schema } from "effect"
import { operations } from "../domain/Change.ts"
import { dedupeModes, type Job, mismatchModes, type Speed, storeKinds } from "../domain/Job.ts"
import { jobStatuses } from "../domain/JobStatus.ts"
import { LsnFromString } from "../domain/Lsn.ts"

/** int8 comes as a bigint; ours all fit a number: seq, counters and microseconds until the year 2255. */
const Int8 = Schema.BigInt
const Micros = Schema.NullOr(Int8)

/** A row of `jobs` as `jobColumns` selects it. */
const JobRow = Schema.Struct({
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  status: Schema.Literals(jobStatuses),
  start_time: Micros,
  end_time: Micros,
  start_lsn: Schema.NullOr(LsnFromString),
  end_lsn: Schema.NullOr(LsnFromString),
  speed_factor: Schema.NullOr(Schema.Finite),
  tables: Schema.NullOr(Schema.Array(Schema.String)),
  operations: Schema.NullOr(Schema.Array(Schema.Literals(operations))),
  target: Schema.String,
  dry_run: Schema.Boolean,
  dedupe: Schema.Literals(dedupeModes),
  on_mismatch: Schema.Literals(mismatchModes),
  max_gap_seconds: Schema.NullOr(Schema.Finite),
  follow: Schema.Boolean,
  strict_source: Schema.Boolean,
  history: Schema.NullOr(Schema.String),
  start_seq: Schema.NullOr(Int8),
  end_seq: Schema.NullOr(Int8),
  store: Schema.NullOr(Schema.Literals(storeKinds)),
  store_reason: Schema.NullOr(Schema.String),
  events_total: Schema.NullOr(Int8),
  checkpoint_seq: Schema.NullOr(Int8),
  checkpoint_ordinal: Schema.NullOr(Int8),
  checkpoint_position: Schema.NullOr(Schema.String),
  checkpoint_time: Micros,
  checkpoint_hints: Schema.Record(Schema.String, Schema.String),
  events_processed: Int8,
  events_duplicate: Int8,
  events_converged: Int8,
  error_code: Schema.NullOr(Schema.String),
  error_message: Schema.NullOr(Schema.String),
  error_position: Schema.NullOr(Schema.String),
  skips: Schema.Array(
    Schema.Struct({ position: Schema.String, reason: Schema.String, by: Schema.String, at: Schema.Int })
  ),
  worker: Schema.NullOr(Schema.String),
  lease_epoch: Schema.Int,
  lease_expires_at: Micros,
  created_at: Int8,
  started_at: Micros,
  completed_at: Micros,
  version: Schema.Int
})
type JobRow = typeof JobRow.Type

const timeColumns = new Set([
  "start_time",
  "end_time",
  "checkpoint_time",
  "lease_expires_at",
  "created_at",
  "started_at",
  "completed_at"
])
const textColumns = new Set(["id", "start_lsn", "end_lsn"])

/** The select list. The driver would cut times to milliseconds and cannot read a pg_lsn. */
export const jobColumns: string = Object.keys(JobRow.fields)
  .map((column) => {
    if (timeColumns.has(column)) return `(extract(epoch FROM j.${column}) * 1000000)::int8 AS ${column}`
    return textColumns.has(column) ? `j.${column}::text AS ${column}` : `j.${column}`
  })
  .join(", ")

const number = (value: bigint | null): number | null => (value === null ? null : Number(value))

const planOf = (row: JobRow): Job["plan"] =>
  row.start_seq === null || row.store === null
    ? null
    : {
        history: row.history,
        range: { start: Number(row.start_seq), end: number(row.end_seq) },
        store: row.store,
        storeReason: row.store_reason ?? "",
        changes: number(row.events_total)
      }

const checkpointOf = (row: JobRow): Job["checkpoint"] =>
  row.checkpoint_seq === null || row.checkpoint_ordinal === null
    ? null
    : {
        position: { seq: Number(row.checkpoint_seq), ordinal: Number(row.checkpoint_ordinal) },
        outer: row.checkpoint_position,
        commitTime: number(row.checkpoint_time),
        hints: row.checkpoint_hints
      }

const jobOf = (row: JobRow): Job => ({
  id: row.id,
  spec: {
    name: row.name,
    startTime: number(row.start_time),
    endTime: number(row.end_time),
    startLsn: row.start_lsn,
    endLsn: row.end_lsn,
    speed: row.speed_factor ?? "max",
    tables: row.tables,
    operations: row.operations,
    target: row.target,
    dryRun: row.dry_run,
    dedupe: row.dedupe,
    onMismatch: row.on_mismatch,
    maxGapSeconds: row.max_gap_seconds,
    follow: row.follow,
    strictSource: row.strict_source
  },
  status: row.status,
  plan: planOf(row),
  checkpoint: checkpointOf(row),
  counters: {
    processed: Number(row.events_processed),
    duplicate: Number(row.events_duplicate),
    converged: Number(row.events_converged)
  },
  failure:
    row.error_code === null
      ? null
      : { code: row.error_code, message: row.error_message ?? "", position: row.error_position },
  skips: row.skips,
  lease:
    row.worker === null || row.lease_expires_at === null
      ? null
      : { worker: row.worker, epoch: row.lease_epoch, expiresAt: Number(row.lease_expires_at) },
  leaseEpoch: row.lease_epoch,
  createdAt: Number(row.created_at),
  startedAt: number(row.started_at),
  completedAt: number(row.completed_at),
  version: row.version
})

const decode = Schema.decodeUnknownResult(JobRow)

/** Fails with the column that is not as this version writes it. */
export const decodeJob = (row: unknown) => {
  const result = decode(row)
  return result._tag === "Success"
    ? { ok: true as const, job: jobOf(result.success) }
    : { ok: false as const, detail: result.failure.message }
}

/** What the column `speed_factor` holds. */
export const speedColumn = (speed: Speed): number | null => (speed === "max" ? null : speed)
