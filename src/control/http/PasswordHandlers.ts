import { Effect, Redacted } from "effect"
import { Principal } from "../api/Principal.ts"
import { noteEndedAll } from "../audit/AuditedSessions.ts"
import { noteChange } from "../audit/AuditNote.ts"
import { AuditTrail } from "../audit/AuditTrail.ts"
import { PasswordCodes } from "../auth/PasswordCodes.ts"
import { SessionList } from "../auth/SessionList.ts"
import { Users } from "../auth/Users.ts"
import { invalidField } from "../InvalidField.ts"
import type { LoginGuard } from "../limits/LoginGuard.ts"
import { done, noteUser, onWait, orWeak, recordedIn, whenDown } from "./LoginAnswers.ts"

const wrongCode = invalidField(
  "code",
  "is not known, was used, or is past its time: ask an admin for another"
)

/** One's own password: by the one before, or by a code. */
export const makePasswordHandlers = Effect.fnUntraced(function* (guardLogin: LoginGuard) {
  const users = yield* Users
  const codes = yield* PasswordCodes
  const list = yield* SessionList
  const recorded = recordedIn(yield* AuditTrail)

  return {
    changePassword: ({
      payload: { current_password, new_password }
    }: {
      readonly payload: { readonly current_password: string; readonly new_password: string }
    }) =>
      Effect.gen(function* () {
        const { id, username, login } = yield* Principal
        yield* orWeak("new_password", new_password, [username])
        const change = users
          .changePassword(id, Redacted.make(current_password), Redacted.make(new_password))
          .pipe(
            Effect.map(
              Effect.tap((isPut) =>
                isPut
                  ? Effect.flatMap(list.endAll(id, login.id), (ended) => noteEndedAll(id, ended, false))
                  : Effect.void
              )
            ),
            Effect.flatMap((put) => recorded("changePassword", put, (isPut) => (isPut ? done(204) : null)))
          )
        const isChanged = yield* guardLogin(username, change, { isFailure: (isPut) => !isPut, onWait })
        if (!isChanged) return yield* invalidField("current_password", "is not your password")
      }).pipe(Effect.catchTags(whenDown)),

    setPassword: ({
      payload: { code, new_password }
    }: {
      readonly payload: { readonly code: string; readonly new_password: string }
    }) =>
      Effect.gen(function* () {
        const holder = yield* codes.holderOf(code)
        if (holder === null) return yield* wrongCode
        const { id, username, email } = holder
        yield* noteUser(holder)
        yield* orWeak("new_password", new_password, [username, email ?? ""])
        const hash = yield* users.hash(Redacted.make(new_password))
        const put = Effect.tap(codes.redeem(code, hash), (user) =>
          user === null ? Effect.void : noteChange({ target: id, before: null, after: null })
        )
        const user = yield* recorded("setPassword", put, (each) => (each === null ? null : done(204)))
        if (user === null) return yield* wrongCode
      }).pipe(Effect.catchTags(whenDown))
  }
})
