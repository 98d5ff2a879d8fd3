import { Clock, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { formatMicros, microsFromMillis, parseMicros } from "../../domain/Micros.ts"
import { Principal } from "../api/Principal.ts"
import { ApiKeyMissing, PreconditionFailed } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { noteChange } from "../audit/AuditNote.ts"
import { ApiKeys, type KeyChanged, type ShownKey } from "../auth/ApiKeys.ts"
import { usersUnavailable } from "../auth/UsersError.ts"
import { invalidField } from "../InvalidField.ts"
import { keysetPage } from "../KeysetPage.ts"
import { versionsOf } from "./EntityTags.ts"
import { notTwice } from "./IdempotencyKeyRefused.ts"

const defaultMillis = 90 * 24 * 3600 * 1000

const shown = ({ key, text }: ShownKey) => ({ ...key, key: text })

const refusals = {
  KeyNotFound: () => Effect.fail(new ApiKeyMissing({ detail: "it may have been removed" })),
  KeyChanged: ({ version }: KeyChanged) =>
    Effect.fail(new PreconditionFailed({ detail: `it is at version ${version}`, version })),
  UsersError: usersUnavailable
} as const

/** An end that is over already was a mistake. */
const inFuture = Effect.fnUntraced(function* (time: string | null | undefined) {
  const now = microsFromMillis(yield* Clock.currentTimeMillis)
  if (time === null || time === undefined || (parseMicros(time) ?? 0) > now) return
  return yield* invalidField("expires_at", "must be in the future")
})

export const layerApiKeysHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "keys",
  Effect.fnUntraced(function* (handlers) {
    const keys = yield* ApiKeys

    return handlers.handleAll({
      list: ({ query }) =>
        keysetPage("api-keys", query, keys.list).pipe(Effect.catchTag("UsersError", usersUnavailable)),

      create: ({ payload: { name, scopes, expires_at }, request }) =>
        Effect.gen(function* () {
          yield* notTwice(request.headers)
          yield* inFuture(expires_at)
          const { id } = yield* Principal
          const usual = (yield* Clock.currentTimeMillis) + defaultMillis
          const expiresAt = expires_at === undefined ? formatMicros(microsFromMillis(usual)) : expires_at
          const made = yield* keys.create(id, { name, scopes, expiresAt })
          // Never its text.
          yield* noteChange({ target: made.key.id, before: null, after: made.key })
          return shown(made)
        }).pipe(Effect.catchTag("UsersError", usersUnavailable)),

      rotate: ({ params, payload: { overlap_seconds = 86_400, expires_at }, request }) =>
        Effect.gen(function* () {
          yield* notTwice(request.headers)
          yield* inFuture(expires_at)
          const { id } = yield* Principal
          const asked = { overlapSeconds: overlap_seconds, expiresAt: expires_at }
          const versions = versionsOf(request.headers["if-match"])
          const rotated = yield* keys.rotate(id, params.id, asked, versions)
          yield* noteChange({ target: params.id, before: rotated.before, after: rotated.key })
          return shown(rotated)
        }).pipe(Effect.catchTags(refusals)),

      remove: ({ params, request }) =>
        keys.remove(params.id, versionsOf(request.headers["if-match"])).pipe(
          Effect.flatMap((before) => noteChange({ target: params.id, before, after: null })),
          Effect.catchTags(refusals)
        )
    })
  })
)
