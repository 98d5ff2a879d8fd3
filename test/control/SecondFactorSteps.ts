import { Effect } from "effect"
import { appCode } from "./AppCode.ts"
import { ask, member } from "./TestApi.ts"

/** Sets one up; the code of now is used up by that. */
export const withSecondFactor = Effect.fnUntraced(function* (token: string, current_password: string) {
  const begun = yield* ask("/api/v1/auth/second-factor", { token, body: { current_password } })
  const secret = String(member(begun.json, "secret"))
  const confirmed = yield* ask("/api/v1/auth/second-factor/confirm", {
    token,
    body: { code: appCode(secret) }
  })
  const codes: ReadonlyArray<string> = JSON.parse(confirmed.text).recovery_codes
  return { secret, codes, begun, confirmed }
})
