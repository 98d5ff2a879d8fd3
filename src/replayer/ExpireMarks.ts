import { Effect, type Redacted } from "effect"
import type { TargetError } from "../replay/TargetError.ts"
import { atTarget } from "../replay/target/AtTarget.ts"
import { expireKeysSql, hasEventKeysSql } from "../replay/target/EventKeys.ts"

/** Removes up to `most` marks that no longer count; how many there were. A target without marks is left as it is. */
export const expireMarks = (
  target: string,
  url: Redacted.Redacted,
  most: number
): Effect.Effect<number, TargetError> =>
  atTarget({
    target,
    url,
    applicationName: "walstream event keys",
    isThereSql: hasEventKeysSql,
    none: 0,
    use: (session) =>
      Effect.map(session.query(expireKeysSql, [String(most)]), ([row]) => Number(row?.["removed"] ?? 0))
  })
