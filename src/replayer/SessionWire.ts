import type { DedupeMode, JobCounters, MismatchMode } from "../domain/Job.ts"
import { comparePosition, origin } from "../domain/Position.ts"
import type { ApplyBatch, ApplyMode, ApplyOptions } from "../replay/Target.ts"
import { parseFilterText } from "../replay/target/FilterText.ts"
import { chunkFromWire, chunkToWire, positionFromWire, positionToWire } from "./ChangeWire.ts"
import {
  type Applied,
  type ApplyMode as ApplyModeWire,
  ApplyOrder,
  ApplyRole,
  type Batch,
  Dedupe,
  OnMismatch,
  type OpenSession
} from "./generated/walstream/v1/replayer.ts"
import type { RelationNumbers, RelationTable } from "./RelationWire.ts"
import { fromWide } from "./WireNumber.ts"

/** What this version speaks. Grows only when an older side would get something wrong, not for every new field. */
export const protocolLevel = 1

const dedupes: Readonly<Record<DedupeMode, Dedupe>> = {
  target: Dedupe.DEDUPE_TARGET,
  job: Dedupe.DEDUPE_JOB,
  off: Dedupe.DEDUPE_OFF
}

const mismatches: Readonly<Record<MismatchMode, OnMismatch>> = {
  converge: OnMismatch.ON_MISMATCH_CONVERGE,
  fail: OnMismatch.ON_MISMATCH_FAIL
}

export const dedupeFromWire = (wire: Dedupe): DedupeMode => {
  switch (wire) {
    // The default, for who does not choose.
    case Dedupe.DEDUPE_UNSPECIFIED:
    case Dedupe.DEDUPE_TARGET:
      return "target"
    case Dedupe.DEDUPE_JOB:
      return "job"
    case Dedupe.DEDUPE_OFF:
      return "off"
    default:
      throw new RangeError(`unknown dedupe ${wire}`)
  }
}

export const mismatchFromWire = (wire: OnMismatch): MismatchMode => {
  switch (wire) {
    case OnMismatch.ON_MISMATCH_UNSPECIFIED:
    case OnMismatch.ON_MISMATCH_CONVERGE:
      return "converge"
    case OnMismatch.ON_MISMATCH_FAIL:
      return "fail"
    default:
      throw new RangeError(`unknown on_mismatch ${wire}`)
  }
}

export const openToWire = (target: string, dryRun: boolean, options: ApplyOptions): OpenSession => ({
  target,
  dryRun,
  jobId: options.jobId,
  history: options.source,
  epoch: BigInt(options.epoch),
  startSeq: BigInt(options.startSeq),
  filter: options.filterText,
  dedupe: dedupes[options.dedupe],
  onMismatch: mismatches[options.onMismatch],
  protocolLevel,
  skips: [...options.skips]
})

/** Throws a RangeError for what cannot be a session. */
export const openFromWire = (open: OpenSession): ApplyOptions => {
  if (open.jobId === "" || open.history === "") throw new RangeError("a session lacks its job_id or history")
  if (parseFilterText(open.filter) === undefined) throw new RangeError("a session's filter cannot be read")
  return {
    jobId: open.jobId,
    source: open.history,
    epoch: fromWide(open.epoch),
    startSeq: fromWide(open.startSeq),
    filterText: open.filter,
    dedupe: dedupeFromWire(open.dedupe),
    onMismatch: mismatchFromWire(open.onMismatch),
    skips: open.skips
  }
}

export const batchToWire = (
  { chunks, follows, until, goesOn }: ApplyBatch,
  numbers: RelationNumbers
): Batch => {
  const wire = chunks.map((chunk) => chunkToWire(chunk, numbers.of))
  return {
    relations: numbers.takeUntold(),
    chunks: wire,
    follows: comparePosition(follows, origin) === 0 ? undefined : positionToWire(follows),
    until: positionToWire(until),
    goesOn
  }
}

/** Throws a RangeError for what is no batch. */
export const batchFromWire = (batch: Batch, relations: RelationTable): ApplyBatch => {
  const { until } = batch
  if (until === undefined) throw new RangeError("a batch does not say until where it goes")
  relations.learn(batch.relations)
  return {
    chunks: batch.chunks.map((chunk) => chunkFromWire(chunk, relations.at)),
    follows: batch.follows === undefined ? origin : positionFromWire(batch.follows),
    until: positionFromWire(until),
    goesOn: batch.goesOn
  }
}

const roles: Readonly<Record<ApplyMode["mode"], ApplyRole>> = {
  replica: ApplyRole.APPLY_ROLE_REPLICA,
  origin: ApplyRole.APPLY_ROLE_ORIGIN,
  dry_run: ApplyRole.APPLY_ROLE_DRY_RUN
}

const modeToWire = ({ mode, order, reason }: ApplyMode): ApplyModeWire => ({
  role: roles[mode],
  order: order === "net_effect" ? ApplyOrder.APPLY_ORDER_NET_EFFECT : ApplyOrder.APPLY_ORDER_ROW_BY_ROW,
  reason: reason ?? undefined
})

/** Null for one that this version does not know: it is only for show. */
export const modeFromWire = (wire: ApplyModeWire | undefined): ApplyMode | null => {
  const role = Object.entries(roles).find(([, value]) => value === wire?.role)?.[0]
  if (wire === undefined || role === undefined) return null
  return {
    // A key of `roles`.
    mode: role as ApplyMode["mode"],
    order: wire.order === ApplyOrder.APPLY_ORDER_ROW_BY_ROW ? "row_by_row" : "net_effect",
    reason: wire.reason ?? null
  }
}

export const appliedToWire = (counters: JobCounters, mode: ApplyMode | null): Applied => ({
  counters: {
    processed: BigInt(counters.processed),
    duplicate: BigInt(counters.duplicate),
    converged: BigInt(counters.converged)
  },
  mode: mode === null ? undefined : modeToWire(mode)
})

export const countersFromWire = ({ counters }: Applied): JobCounters => ({
  processed: fromWide(counters?.processed ?? 0n),
  duplicate: fromWide(counters?.duplicate ?? 0n),
  converged: fromWide(counters?.converged ?? 0n)
})
