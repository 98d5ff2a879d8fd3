import { Context, Effect, Layer } from "effect"
import type { Principal } from "../api/Principal.ts"
import { InvalidRequest, TokenExpired, Unauthorized, type Unavailable } from "../api/Problems.ts"
import { noteActor } from "../audit/AuditNote.ts"
import { parseApiKey } from "./ApiKeyText.ts"
import { type Headers, shownIn } from "./Credential.ts"
import { type KeyHolder, KeyHolders } from "./KeyHolders.ts"
import { Sessions } from "./Sessions.ts"
import { type TokenSubject, Tokens } from "./Tokens.ts"
import { type UsersError, usersUnavailable } from "./UsersError.ts"

type Holder = Principal["Service"]
type Refused = Unauthorized | TokenExpired | Unavailable

/** Why a login does not hold any more: itself, or what its user may do. */
export type LoginEnd = "expired" | "forbidden"

const wrongKey = new Unauthorized({ detail: "the key is not valid here, or no more" })
const several = new InvalidRequest({
  detail: "show one credential, not several",
  errors: [{ path: "X-API-Key", message: "is one of several credentials" }]
})
const ended = new TokenExpired({ detail: "this login was ended: log in again" })

/** For the record, where what was shown does not hold any more. */
const noteSubject = ({ userId }: TokenSubject) => noteActor({ id: userId, name: null, credential: null })

const noteKey = (text: string) => {
  const id = parseApiKey(text)?.id
  return id === undefined ? Effect.void : noteActor({ id: null, name: null, credential: `key ${id}` })
}

/** Finds out whose a credential is, and whether its login still holds. */
export class Identity extends Context.Service<
  Identity,
  {
    /** Of an access token. */
    readonly ofToken: (text: string) => Effect.Effect<Holder, Refused>
    /** Of whatever the headers show: a token, or a key. */
    readonly ofHeaders: (headers: Headers) => Effect.Effect<Holder, Refused | InvalidRequest>
    /** What the holder of a ticket may do at present. */
    readonly ofHolder: (holder: Holder) => Effect.Effect<Holder, Refused>
    /** The login as it is at present, or why it does not hold. */
    readonly look: (holder: Holder) => Effect.Effect<Holder | LoginEnd, UsersError>
  }
>()("walstream/control/auth/Identity") {
  static readonly layer: Layer.Layer<Identity, never, Tokens | Sessions | KeyHolders> = Layer.effect(
    Identity,
    Effect.gen(function* () {
      const tokens = yield* Tokens
      const sessions = yield* Sessions
      const keys = yield* KeyHolders

      const ofSession = (
        login: Holder["login"],
        until: number
      ): Effect.Effect<Holder | LoginEnd, UsersError> =>
        Effect.map(sessions.userOf(login.id), (user) => {
          if (user === null) return "expired"
          if (!user.isActive) return "forbidden"
          const { userId: id, username, role } = user
          return { id, username, role, login, scopes: null, until }
        })

      const ofKey = (key: KeyHolder | null): Holder | LoginEnd => {
        if (key === null) return "expired"
        if (!key.isActive) return "forbidden"
        const { userId: id, username, role, keyId, digest, scopes, until } = key
        return { id, username, role, login: { kind: "key", id: keyId, digest }, scopes, until }
      }

      /** Who is disabled or removed loses the login itself, too: that is not why. */
      const whyGone = (userId: string, end: LoginEnd) =>
        end === "expired"
          ? Effect.map(sessions.isActive(userId), (isActive): LoginEnd => (isActive ? end : "forbidden"))
          : Effect.succeed(end)

      const look = ({ id, login, until }: Holder): Effect.Effect<Holder | LoginEnd, UsersError> =>
        Effect.flatMap(
          login.kind === "key"
            ? Effect.map(keys.ofShown(login.id, login.digest), ofKey)
            : ofSession(login, until),
          (found): Effect.Effect<Holder | LoginEnd, UsersError> =>
            typeof found === "string" ? whyGone(id, found) : Effect.succeed(found)
        )

      const orRefused = <R>(looked: Effect.Effect<Holder | LoginEnd, UsersError, R>, refused: Refused) =>
        looked.pipe(
          Effect.catchTag("UsersError", usersUnavailable),
          Effect.flatMap((found) =>
            typeof found === "string" ? Effect.fail(refused) : Effect.succeed(found)
          )
        )

      const ofToken = (text: string) =>
        tokens.verify(text).pipe(
          Effect.tapErrorTag("TokenPast", noteSubject),
          Effect.catchTags({
            TokenRefused: () => Effect.fail(new Unauthorized({ detail: "the token is not valid here" })),
            TokenPast: () => Effect.fail(new TokenExpired({ detail: "log in again" }))
          }),
          Effect.tap(noteSubject),
          Effect.flatMap(({ sessionId, until }) =>
            orRefused(ofSession({ kind: "session", id: sessionId }, until), ended)
          )
        )

      return Identity.of({
        look,
        ofToken,
        ofHolder: (holder) => orRefused(look(holder), ended),
        ofHeaders: (headers) => {
          const shown = shownIn(headers)
          if (shown === "several") return Effect.fail(several)
          if (shown === null) return Effect.fail(new Unauthorized({ detail: "show a token or a key" }))
          if (!shown.isKey) return ofToken(shown.text)
          const found = orRefused(Effect.map(keys.ofKey(shown.text), ofKey), wrongKey)
          return Effect.andThen(noteKey(shown.text), found)
        }
      })
    })
  )
}
