import { Effect, Option, Redacted } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Principal } from "../api/Principal.ts"
import {
  AccountTaken,
  InvalidCredentials,
  RegistrationClosed,
  SecondFactorRequired,
  SessionMissing,
  Unauthorized
} from "../api/Problems.ts"
import type { UserJson } from "../api/UserJson.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { noteEnded, noteEndedAll } from "../audit/AuditedSessions.ts"
import { noteChange, noteClaim } from "../audit/AuditNote.ts"
import { AuditTrail, type LineEnd } from "../audit/AuditTrail.ts"
import type { EndedSession } from "../auth/EndedSession.ts"
import { type BadProof, SecondFactors } from "../auth/SecondFactors.ts"
import { SessionList } from "../auth/SessionList.ts"
import { type OpenSession, Sessions } from "../auth/Sessions.ts"
import { Tokens } from "../auth/Tokens.ts"
import { type NotRegistered, Users } from "../auth/Users.ts"
import { type UsersError, usersUnavailable } from "../auth/UsersError.ts"
import { makeLoginGuard } from "../limits/LoginGuard.ts"
import { nobodysYet } from "./IdempotencyKeyRefused.ts"
import { done, down, noteUser, onWait, orWeak, recordedIn, whenDown } from "./LoginAnswers.ts"
import { isFromElsewhere } from "./Origins.ts"
import { makePasswordHandlers } from "./PasswordHandlers.ts"
import {
  type CookieSecurity,
  readRefreshCookie,
  removeRefreshCookie,
  setRefreshCookie
} from "./RefreshCookie.ts"
import { makeSecondFactorHandlers } from "./SecondFactorHandlers.ts"

export interface AuthOptions {
  /** Whether strangers may register once there is somebody. */
  readonly isOpen: boolean
  readonly cookie: CookieSecurity
}

const reuse: LineEnd = { status: 401, problem: "unauthorized", isRepeated: false }

const refusedLogin = Effect.andThen(
  Effect.logWarning("a login was refused"),
  Effect.fail(new InvalidCredentials({ error: "invalid_grant" }))
)

const isBadProof = (made: OpenSession | BadProof | null): made is BadProof =>
  made !== null && "isGood" in made

/** The password was right. */
const wantsCode = (isMissing: boolean) =>
  Effect.fail(
    new SecondFactorRequired({
      detail: isMissing ? "send it as otp" : "this one is wrong, was used, or is past its time",
      error: "invalid_grant"
    })
  )

/** By what was shown of it, whoever showed it. */
const noteEndedByItself = (ended: EndedSession) =>
  Effect.andThen(noteUser({ id: ended.userId, username: ended.username }), noteEnded(ended))

export const layerAuthHandlers = ({ isOpen, cookie }: AuthOptions) =>
  HttpApiBuilder.group(
    WalstreamApi,
    "auth",
    Effect.fnUntraced(function* (handlers) {
      const users = yield* Users
      const tokens = yield* Tokens
      const sessions = yield* Sessions
      const list = yield* SessionList
      const factors = yield* SecondFactors
      const guardLogin = yield* makeLoginGuard
      const trail = yield* AuditTrail

      const recorded = recordedIn(trail)
      const passwords = yield* makePasswordHandlers(guardLogin)
      const secondFactor = yield* makeSecondFactorHandlers(guardLogin)

      /** Ending nothing changes nothing: it needs no line. */
      const endOne = <E, R>(name: string, end: Effect.Effect<EndedSession | null, E, R>, line: LineEnd) =>
        recorded(
          name,
          Effect.tap(end, (ended) => (ended === null ? Effect.void : noteEndedByItself(ended))),
          (ended) => (ended === null ? null : line)
        )

      /** Whose a token is, past or not; null where it is none of ours. */
      const subjectOf = (authorization: string) =>
        tokens.verify(authorization.replace(/^Bearer +/iu, "")).pipe(
          Effect.catchTags({
            TokenPast: (past) => Effect.succeed(past),
            TokenRefused: () => Effect.succeed(null)
          })
        )

      /** Whoever registers is who does it. */
      const letIn = (create: Effect.Effect<UserJson | NotRegistered, UsersError>) =>
        recorded(
          "register",
          Effect.tap(create, (made) =>
            typeof made === "string"
              ? Effect.void
              : Effect.andThen(noteUser(made), noteChange({ target: made.id, before: null, after: made }))
          ),
          (made) => (typeof made === "string" ? null : done(201))
        )

      const tokenOf = Effect.fnUntraced(function* ({ id, userId, until, refreshToken }: OpenSession) {
        if (refreshToken !== null) yield* setRefreshCookie(cookie, refreshToken, until)
        return {
          access_token: yield* tokens.issue({ userId, sessionId: id, until }),
          token_type: "bearer" as const,
          expires_in: tokens.seconds
        }
      })

      /** None for a wrong password; null where the user has another one by now. */
      const logIn = Effect.fnUntraced(function* (username: string, password: string, otp?: string) {
        const user = yield* users.login(username, Redacted.make(password))
        if (Option.isNone(user)) return Option.none()
        const { id, passwordHash } = user.value
        yield* noteUser(user.value)
        const open = Effect.gen(function* () {
          const proof = yield* factors.take(id, otp)
          if (!proof.isGood) return proof
          if (proof.by === "recovery code") {
            yield* noteChange({ target: id, before: null, after: { second_factor: proof.by } })
          }
          return yield* sessions.open(id, passwordHash)
        })
        const opened = yield* recorded("token", open, (made) =>
          made === null || isBadProof(made) ? null : done(200)
        )
        return Option.some(opened)
      })

      return handlers.handleAll({
        me: () => Effect.map(Principal, ({ id, username, role, scopes }) => ({ id, username, role, scopes })),

        register: ({ payload: { username, email, password }, request }) =>
          Effect.gen(function* () {
            yield* nobodysYet(request.headers)
            yield* orWeak("password", password, [username, email])
            const registered = yield* guardLogin(
              username,
              users
                .register({ username, email, password: Redacted.make(password) }, isOpen)
                .pipe(Effect.flatMap(letIn)),
              // Asking which names there are is as slow as guessing passwords.
              { isFailure: (answer) => typeof answer === "string", onWait }
            )
            if (registered === "closed") {
              return yield* new RegistrationClosed({ detail: "ask an admin" })
            }
            if (registered === "taken") {
              return yield* new AccountTaken({ detail: "choose another user name or e-mail address" })
            }
            return registered
          }).pipe(Effect.catchTags(whenDown)),

        token: ({ payload: { username, password, otp } }) =>
          Effect.gen(function* () {
            yield* noteClaim(username)
            const answer = yield* guardLogin(username, logIn(username, password, otp), {
              // Who has not been asked for a code yet has not guessed.
              isFailure: (found) =>
                Option.isNone(found) || (isBadProof(found.value) && found.value.why === "wrong"),
              onWait
            })
            const opened = Option.getOrNull(answer)
            if (opened === null) return yield* refusedLogin
            if (!isBadProof(opened)) return yield* tokenOf(opened)
            if (opened.waitSeconds > 0) return yield* onWait(opened.waitSeconds)
            return yield* wantsCode(opened.why === "missing")
          }).pipe(Effect.catchTags(whenDown)),

        refresh: () =>
          Effect.gen(function* () {
            return yield* tokenOf(yield* sessions.refresh(yield* readRefreshCookie(cookie)))
          }).pipe(
            Effect.catchTags({
              RefreshRefused: ({ reused }) =>
                Effect.gen(function* () {
                  if (reused !== null) {
                    const ended = yield* endOne("refresh", list.end(reused.userId, reused.id), reuse)
                    yield* Effect.logWarning("a refresh token was used twice: its session has ended").pipe(
                      Effect.annotateLogs({ user: ended?.username ?? reused.userId, session: reused.id })
                    )
                  }
                  yield* removeRefreshCookie(cookie)
                  return yield* new Unauthorized({ detail: "this login is over" })
                })
            }),
            Effect.catchTags(down)
          ),

        logout: () =>
          Effect.gen(function* () {
            const { headers } = yield* HttpServerRequest.HttpServerRequest
            const subject = yield* subjectOf(headers["authorization"] ?? "")
            if (subject !== null) {
              yield* endOne("logout", list.end(subject.userId, subject.sessionId), done(204))
            }
            // A page of elsewhere may show a token of its own, and does nothing by the cookie.
            if (isFromElsewhere(headers)) return
            const held = yield* readRefreshCookie(cookie)
            if (held !== "") yield* endOne("logout", list.endByToken(held), done(204))
            yield* removeRefreshCookie(cookie)
          }).pipe(Effect.catchTags(down)),

        sessions: () =>
          Effect.gen(function* () {
            const { id, login } = yield* Principal
            const items = yield* list.of(id)
            return { items: items.map((each) => ({ ...each, is_current: each.id === login.id })) }
          }).pipe(Effect.catchTag("UsersError", usersUnavailable)),

        endSession: ({ params }) =>
          Effect.gen(function* () {
            const { id } = yield* Principal
            const ended = yield* list.end(id, params.id)
            if (ended === null) return yield* new SessionMissing({ detail: "it may have ended already" })
            yield* noteEnded(ended)
          }).pipe(Effect.catchTag("UsersError", usersUnavailable)),

        endOtherSessions: () =>
          Effect.gen(function* () {
            const { id, login } = yield* Principal
            const ended = yield* list.endAll(id, login.id)
            yield* noteEndedAll(id, ended)
          }).pipe(Effect.catchTag("UsersError", usersUnavailable)),

        ...passwords,
        ...secondFactor
      })
    })
  )
