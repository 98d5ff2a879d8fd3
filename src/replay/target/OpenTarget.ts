import { Effect, type Redacted, type Scope } from "effect"
import { connectPg, type PgSession } from "../../postgres/PgSession.ts"
import { PostgresError } from "../../postgres/PostgresError.ts"
import type { TargetErrorReason } from "../TargetError.ts"
import { isSource, type SourceReference } from "./DatabaseIdentity.ts"
import { isTrue, ledgerExistsSql, ledgerScript } from "./Ledger.ts"
import { generalReason } from "./Rejection.ts"
import { prepareConnection, type TargetConnection, type TargetTimeouts } from "./TargetConnection.ts"

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
    detail: `the role may not make the ledger (${failed.detail}). Run this as the database's owner, and grant the role USAGE on schema walstream and SELECT, INSERT, UPDATE, DELETE on its tables:\n${ledgerScript}`
  })
})

/** Connects to a target, makes its ledger, and refuses one that is the source. */
export const openTarget = (
  options: OpenOptions
): Effect.Effect<TargetConnection, TargetErrorReason, Scope.Scope> =>
  Effect.gen(function* () {
    const { url, origin, jobId } = options
    const session = yield* connectPg({ url, applicationName: `walstream job ${jobId}` })
    if (origin !== null && (yield* isSource(origin, url, session))) return null
    yield* ensureLedger(session)
    return yield* prepareConnection(session, options)
  }).pipe(
    Effect.mapError(openingReason),
    Effect.flatMap((connection) => {
      if (connection !== null) return Effect.succeed(connection)
      const detail = "replaying a database into itself would capture what it replays, for ever"
      return Effect.fail<TargetErrorReason>({ _tag: "SameAsSource", detail })
    })
  )
