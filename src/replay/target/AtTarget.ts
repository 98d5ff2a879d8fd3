import { Effect, type Redacted } from "effect"
import { connectPg, type PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { TargetError } from "../TargetError.ts"
import { isTrue } from "./Ledger.ts"
import { generalReason } from "./Rejection.ts"

export interface AtTarget<A> {
  readonly target: string
  readonly url: Redacted.Redacted
  readonly applicationName: string
  /** Its one row has `ok`, which says whether what `use` is about is there. */
  readonly isThereSql: string
  /** What a target comes to that has none of it. */
  readonly none: A
  readonly use: (session: PgSession) => Effect.Effect<A, PostgresError>
}

/** Work on what we keep at a target, beside its jobs, with a connection of its own. */
export const atTarget = <A>({
  target,
  url,
  applicationName,
  isThereSql,
  none,
  use
}: AtTarget<A>): Effect.Effect<A, TargetError> =>
  Effect.gen(function* () {
    const session = yield* connectPg({ url, applicationName })
    const [found] = yield* session.query(isThereSql)
    return isTrue(found) ? yield* use(session) : none
  }).pipe(
    Effect.scoped,
    Effect.mapError(
      (error) =>
        new TargetError({
          target,
          reason: generalReason(error) ?? { _tag: "Refused", detail: error.message }
        })
    )
  )
