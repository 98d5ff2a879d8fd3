import { Effect, type Redacted, type Scope } from "effect"
import { connectPg, type PgSession } from "../../postgres/PgSession.ts"
import { PostgresError } from "../../postgres/PostgresError.ts"
import type { TargetErrorReason } from "../TargetError.ts"
import { isSource, type SourceReference } from "./DatabaseIdentity.ts"
import { isTrue, ledgerExistsSql, ledgerScript } from "./Ledger.ts"
import { generalReason } from "./Rejection.ts"
import { connectTarget, type TargetConnection, type TargetTimeouts } from "./TargetConnection.ts"

export interface OpenOptions {
  readonly url: Redacted.Redacted
  /** The source that the changes come from; null where it is not known. */
  readonly origin: SourceReference | null
  readonly source: string
  readonly jobId: string
  readonly timeouts: TargetTimeouts
}

/** A failure before any change was sent: the server does not answer, or does not let us in. */
const openingReason = (error: PostgresError): TargetErrorReason =>
  generalReason(error) ?? { _tag: "Refused", detail: error.message }

const hasLedger = (session: PgSession): Effect.Effect<boolean, PostgresError> =>
  Effect.map(session.query(ledgerExistsSql), ([row]) => isTrue(row))

/** Another job may make it at the same moment: then the second look finds it. */
const ensureLedger = Effect.fnUntraced(function* (session: PgSession) {
  if (yield* hasLedger(session)) return
  const failed = yield* Effect.flip(session.script(ledgerScript)).pipe(Effect.orElseSucceed(() => null))
  if (failed === null || (yield* hasLedger(session))) return
  return yield* new PostgresError({
    failure: failed.failure,
    code: failed.code,
    detail: `the role may not make the ledger (${failed.detail}). Run this as the database's owner, and grant the role USAGE on schema walstream and SELECT, INSERT, UPDATE on its tables:\n${ledgerScript}`
  })
})

/** What must be true of a target before anything is written to it. */
const check = Effect.fnUntraced(function* (options: OpenOptions) {
  const session = yield* connectPg({ url: options.url, applicationName: `walstream job ${options.jobId}` })
  if (options.origin !== null && (yield* isSource(options.origin, options.url, session))) return false
  yield* ensureLedger(session)
  return true
}, Effect.scoped)

/** Connects to a target, makes its ledger, and refuses one that is the source. */
export const openTarget = (
  options: OpenOptions
): Effect.Effect<TargetConnection, TargetErrorReason, Scope.Scope> =>
  Effect.gen(function* () {
    const fits = yield* Effect.mapError(check(options), openingReason)
    if (!fits) {
      const detail = "replaying a database into itself would capture what it replays, for ever"
      return yield* Effect.fail<TargetErrorReason>({ _tag: "SameAsSource", detail })
    }
    return yield* Effect.mapError(connectTarget(options), openingReason)
  })
