import { Effect, type Redacted } from "effect"
import { connectPg } from "../postgres/PgSession.ts"
import { TargetError } from "../replay/TargetError.ts"
import { expireKeysSql, hasEventKeysSql } from "../replay/target/EventKeys.ts"
import { generalReason } from "../replay/target/Rejection.ts"

/** Removes up to `most` marks that no longer count; how many there were. A target without marks is left as it is. */
export const expireMarks = (
  target: string,
  url: Redacted.Redacted,
  most: number
): Effect.Effect<number, TargetError> =>
  Effect.gen(function* () {
    const session = yield* connectPg({ url, applicationName: "walstream event keys" })
    const [found] = yield* session.query(hasEventKeysSql)
    if (found?.["ok"] !== "true") return 0
    const [removed] = yield* session.query(expireKeysSql, [String(most)])
    return Number(removed?.["removed"] ?? 0)
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
