import { Effect, Layer, type Redacted } from "effect"
import { Targets } from "../Target.ts"
import { TargetError } from "../TargetError.ts"
import type { SourceReference } from "./DatabaseIdentity.ts"
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
export const configuredTargets = (options: ConfiguredTargetsOptions): Layer.Layer<Targets> =>
  Layer.succeed(Targets, {
    names: Object.keys(options.targets),
    open: (target, dryRun, apply) => {
      const url = options.targets[target]
      if (dryRun) return Effect.succeed(makeLogTarget(target, apply))
      if (url === undefined) {
        const detail = `no target of this name is configured (there are: ${Object.keys(options.targets).join(", ")})`
        return Effect.fail(new TargetError({ target, reason: { _tag: "Refused", detail } }))
      }
      return openPostgresTarget(target, apply, {
        url,
        origin: options.source,
        source: apply.source,
        jobId: apply.jobId,
        timeouts: { ...defaultTimeouts, ...options.timeouts }
      })
    }
  })
