import { Schema } from "effect"
import { formatMicros, type Micros } from "../../domain/Micros.ts"
import type { RunSnapshot } from "../../replay/Run.ts"

/** How the run of a job goes, as its process tells it each second. Not part of the job's version. */
export const LiveJson = Schema.Struct({
  phase: Schema.Literals(["planning", "opening", "replaying", "waiting", "retrying", "ending"]),
  /** The commit time that is being played; between two saves of the job's own `replay_clock`. */
  replay_clock: Schema.NullOr(Schema.String),
  /** History played per time, over the last seconds; null while there is nothing to judge by. */
  effective_speed: Schema.NullOr(Schema.Finite),
  /** How far from due transactions reach the target, of the last 1024; null at full speed. */
  pacing_error_ms: Schema.NullOr(Schema.Struct({ p50: Schema.Finite, p99: Schema.Finite })),
  /** For a job that follows: how much history lies between the target and the log's end. */
  lag_seconds: Schema.NullOr(Schema.Finite),
  /** What it waits for, though nothing is wrong with the job. */
  retrying: Schema.NullOr(
    Schema.Struct({ reason: Schema.String, since: Schema.String, attempt: Schema.Int })
  ),
  /**
   * How the target is written to. Mode `replica`: triggers and foreign keys do not fire there; `origin`: they do, since
   * the role may not turn them off; `dry_run`: nothing is written. Null while no target is open.
   */
  apply: Schema.NullOr(
    Schema.Struct({
      mode: Schema.Literals(["replica", "origin", "dry_run"]),
      order: Schema.Literals(["net_effect", "row_by_row"]),
      /** Why row by row. */
      reason: Schema.NullOr(Schema.String)
    })
  ),
  /** What the target is being given, and for how long already. */
  batch: Schema.NullOr(
    Schema.Struct({ changes: Schema.Int, transactions: Schema.Int, seconds: Schema.Finite })
  )
}).annotate({ identifier: "JobLive" })
export type LiveJson = typeof LiveJson.Type

/** What lies around a run: the wall clock, and where the log ends. */
export interface LiveContext {
  readonly now: Micros
  readonly follows: boolean
  /** Null when the log does not say. */
  readonly log: { readonly nextSeq: number; readonly toTime: Micros | null } | null
}

const lagOf = (run: RunSnapshot, { follows, log }: LiveContext): number | null => {
  if (!follows || log === null) return null
  if (run.position !== null && run.position.seq >= log.nextSeq - 1) return 0
  if (run.replayClock === null || log.toTime === null) return null
  return Math.max(0, log.toTime - run.replayClock) / 1_000_000
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000

export const liveJson = (run: RunSnapshot, context: LiveContext): LiveJson => {
  const { pacingError, batch, retrying } = run
  return {
    phase: run.phase,
    replay_clock: run.replayClock === null ? null : formatMicros(Math.round(run.replayClock)),
    effective_speed: run.effectiveSpeed === null ? null : rounded(run.effectiveSpeed),
    pacing_error_ms:
      pacingError === null ? null : { p50: rounded(pacingError.p50), p99: rounded(pacingError.p99) },
    lag_seconds: lagOf(run, context),
    retrying:
      retrying === null
        ? null
        : {
            reason: retrying.reason,
            since: formatMicros(context.now - Math.round(retrying.millis * 1000)),
            attempt: retrying.attempts
          },
    apply: run.applying,
    batch:
      batch === null
        ? null
        : {
            changes: batch.changes,
            transactions: batch.transactions,
            seconds: rounded(batch.millis / 1000)
          }
  }
}
