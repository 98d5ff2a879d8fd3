import { Effect, Layer, type Redacted } from "effect"
import { Targets } from "../Target.ts"
import { TargetError } from "../TargetError.ts"
import type { SourceReference } from "./DatabaseIdentity.ts"
import { expiredJobs, forgetJobs } from "./LedgerRows.ts"
import { makeLogTarget } from "./LogTarget.ts"
import { openPostgresTarget } from "./PostgresTarget.ts"
import { defaultTimeouts, type TargetTimeouts } from "./TargetConnection.ts"

export interface ConfiguredTargetsOptions {
  /** PostgreSQL URLs by target name. */
  readonly targets: Readonly<Record<string, Redacted.Redacted>>
  /** The database that is captured: no target may be it. Null where that is not known. */
  readonly source: SourceReference | null
  readonly timeouts?: Partial<TargetTimeouts>
}

/** The targets that the settings name. A dry run needs no target to be there. */
export const configuredTargets = (options: ConfiguredTargetsOptions): Layer.Layer<Targets> => {
  const urlOf = (target: string): Effect.Effect<Redacted.Redacted, TargetError> => {
    const url = options.targets[target]
    if (url !== undefined) return Effect.succeed(url)
    const detail = `no target of this name is configured (there are: ${Object.keys(options.targets).join(", ")})`
    return Effect.fail(new TargetError({ target, reason: { _tag: "Refused", detail } }))
  }
  return Layer.succeed(Targets, {
    names: Object.keys(options.targets),
    open: (target, dryRun, apply) => {
      if (dryRun) return Effect.succeed(makeLogTarget(target, apply))
      return Effect.flatMap(urlOf(target), (url) =>
        openPostgresTarget(target, apply, {
          url,
          origin: options.source,
          source: apply.source,
          jobId: apply.jobId,
          timeouts: { ...defaultTimeouts, ...options.timeouts }
        })
      )
    },
    expiredJobs: (target, after, most) =>
      Effect.flatMap(urlOf(target), (url) => expiredJobs(target, url, after, most)),
    forgetJobs: (target, jobIds) => Effect.flatMap(urlOf(target), (url) => forgetJobs(target, url, jobIds))
  })
}
