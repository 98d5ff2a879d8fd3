import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { LastAdmin, PreconditionFailed, UserMissing } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { noteEndedAll } from "../audit/AuditedSessions.ts"
import { noteChange } from "../audit/AuditNote.ts"
import { SessionList } from "../auth/SessionList.ts"
import { UserChanges } from "../auth/UserChanges.ts"
import { usersUnavailable } from "../auth/UsersError.ts"
import { UserOperations } from "../UserOperations.ts"
import { versionsOf } from "./EntityTags.ts"
import { notTwice } from "./IdempotencyKeyRefused.ts"

const missing = () => new UserMissing({ detail: "there is nobody with this id" })

export const layerUsersHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "users",
  Effect.fnUntraced(function* (handlers) {
    const users = yield* UserChanges
    const operations = yield* UserOperations
    const sessions = yield* SessionList

    return handlers.handleAll({
      list: ({ query }) => operations.list(query),

      create: ({ payload, request }) => Effect.andThen(notTwice(request.headers), operations.create(payload)),

      resetPassword: ({ params, request }) =>
        Effect.andThen(notTwice(request.headers), operations.resetPassword(params.id)),

      removeSecondFactor: ({ params }) => operations.removeSecondFactor(params.id),

      update: ({ params, payload, request }) =>
        users.update(params.id, payload, versionsOf(request.headers["if-match"])).pipe(
          Effect.tap(({ before, after }) =>
            noteChange({ target: after.id, before, after, isUnchanged: before.version === after.version })
          ),
          Effect.map(({ after }) => after),
          Effect.catchTags({
            UserNotFound: () => Effect.fail(missing()),
            LastAdminKept: () => Effect.fail(new LastAdmin({ detail: "make somebody else admin first" })),
            UserChanged: ({ version }) =>
              Effect.fail(new PreconditionFailed({ detail: `it is at version ${version}`, version })),
            UsersError: usersUnavailable
          })
        ),

      endSessions: ({ params }) =>
        Effect.gen(function* () {
          const ended = yield* sessions.endAll(params.id)
          if (ended.length === 0 && !(yield* users.isThere(params.id))) return yield* missing()
          yield* noteEndedAll(params.id, ended)
        }).pipe(Effect.catchTag("UsersError", usersUnavailable))
    })
  })
)
