import { Effect } from "effect"
import { origin, type Position } from "../../domain/Position.ts"
import type { ApplyOptions, TargetSession } from "../Target.ts"
import { TargetError } from "../TargetError.ts"
import { sameStanding } from "./Holder.ts"

/** A dry run: everything is counted, nothing is written, and the position is gone with the session. */
export const makeLogTarget = (target: string, options: ApplyOptions): TargetSession => {
  let stands: Position | null = null
  return {
    mode: () => ({ mode: "dry_run", order: "net_effect", reason: null }),
    position: Effect.sync(() => stands),
    apply: ({ chunks, follows, until }) =>
      Effect.suspend(() => {
        const isNext = stands === null || sameStanding(stands, follows)
        if (!isNext) {
          return Effect.fail(new TargetError({ target, reason: { _tag: "Moved", ...(stands ?? origin) } }))
        }
        stands = until
        const processed = chunks.reduce((sum, { changes }) => sum + changes.length, 0)
        return Effect.as(
          Effect.logDebug("dry run").pipe(
            Effect.annotateLogs({ target, job_id: options.jobId, seq: until.seq, changes: processed })
          ),
          { processed, duplicate: 0, converged: 0 }
        )
      })
  }
}
