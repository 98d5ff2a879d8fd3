import type { Job } from "../../domain/Job.ts"
import { jobJson } from "../api/JobJson.ts"
import type { AuditState } from "./AuditEntry.ts"

/** What people decide about a job: what it is, what it is to do, and where it stands. Nothing that moves by itself. */
export const auditedJob = (job: Job): AuditState => {
  const { status, name, start_time, end_time, start_lsn, end_lsn, speed_factor, ...json } = jobJson(job)
  const { tables, operations, target, dry_run, dedupe, on_mismatch, max_gap_seconds, ...rest } = json
  return {
    status,
    name,
    start_time,
    end_time,
    start_lsn,
    end_lsn,
    speed_factor,
    tables,
    operations,
    target,
    dry_run,
    dedupe,
    on_mismatch,
    max_gap_seconds,
    follow: rest.follow,
    strict_source: rest.strict_source,
    skips: rest.skips.map(({ position, reason }) => ({ position, reason }))
  }
}
