import { Context, Effect, Layer } from "effect"
import { Principal } from "./api/Principal.ts"
import { AccountTaken, UserMissing } from "./api/Problems.ts"
import type { NewUserByAdmin, UserWithCode } from "./api/UserJson.ts"
import { noteChange } from "./audit/AuditNote.ts"
import { PasswordCodes } from "./auth/PasswordCodes.ts"
import { SecondFactors } from "./auth/SecondFactors.ts"
import { SessionList } from "./auth/SessionList.ts"
import { UserChanges } from "./auth/UserChanges.ts"
import { usersUnavailable } from "./auth/UsersError.ts"
import { invalidField } from "./InvalidField.ts"
import { keysetPage } from "./KeysetPage.ts"

const missing = Effect.fail(new UserMissing({ detail: "there is nobody with this id" }))

/** For the record: all but the code. */
const recorded = ({ code: _, ...user }: UserWithCode) => user

/** How admins let people in, whichever way they ask. */
export class UserOperations extends Context.Service<UserOperations>()("walstream/control/UserOperations", {
  make: Effect.gen(function* () {
    const users = yield* UserChanges
    const codes = yield* PasswordCodes
    const sessions = yield* SessionList
    const factors = yield* SecondFactors
    return {
      list: (query: { readonly limit?: number; readonly cursor?: string }) =>
        keysetPage("users", query, users.list).pipe(Effect.catchTag("UsersError", usersUnavailable)),

      create: Effect.fnUntraced(
        function* (asked: NewUserByAdmin) {
          const made = yield* codes.invite(asked)
          if (made === null) {
            return yield* new AccountTaken({ detail: "choose another user name or e-mail address" })
          }
          yield* noteChange({ target: made.id, before: null, after: recorded(made) })
          return made
        },
        Effect.catchTag("UsersError", usersUnavailable)
      ),

      resetPassword: Effect.fnUntraced(
        function* (id: string) {
          const { id: own } = yield* Principal
          // Who loses the code would be out, and may be the last admin.
          if (id === own) return yield* invalidField("id", "is you: change your own password instead")
          const reset = yield* codes.reset(id)
          const ended = yield* sessions.endAll(id)
          yield* noteChange({
            target: id,
            before: { sessions: ended.map((each) => each.id) },
            after: { sessions: [], code_expires_at: reset.code_expires_at }
          })
          return reset
        },
        Effect.catchTags({
          UserNotFound: () => missing,
          UsersError: usersUnavailable
        })
      ),

      removeSecondFactor: Effect.fnUntraced(
        function* (id: string) {
          const { id: own } = yield* Principal
          // One's own takes the password and a code.
          if (id === own) return yield* invalidField("id", "is you: remove your own in the settings instead")
          if (!(yield* users.isThere(id))) return yield* missing
          const isRemoved = yield* factors.remove(id)
          const ended = yield* sessions.endAll(id)
          yield* noteChange({
            target: id,
            before: { second_factor: isRemoved, sessions: ended.map((each) => each.id) },
            after: { second_factor: false, sessions: [] },
            isUnchanged: !isRemoved && ended.length === 0
          })
        },
        Effect.catchTag("UsersError", usersUnavailable)
      )
    }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
