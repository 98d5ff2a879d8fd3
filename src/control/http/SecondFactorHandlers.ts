import { Effect, Option, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import { Principal } from "../api/Principal.ts"
import { SecondFactorPresent } from "../api/Problems.ts"
import { noteChange } from "../audit/AuditNote.ts"
import { AuditTrail } from "../audit/AuditTrail.ts"
import { base32 } from "../auth/Base32.ts"
import { SecondFactors } from "../auth/SecondFactors.ts"
import { SessionList } from "../auth/SessionList.ts"
import { otpauthUri } from "../auth/Totp.ts"
import { Users } from "../auth/Users.ts"
import { usersUnavailable } from "../auth/UsersError.ts"
import { invalidField } from "../InvalidField.ts"
import type { LoginGuard } from "../limits/LoginGuard.ts"
import { notTwice } from "./IdempotencyKeyRefused.ts"
import { done, down, onWait, recordedIn, whenDown } from "./LoginAnswers.ts"

interface Asked<A> {
  readonly payload: A
  readonly request: HttpServerRequest.HttpServerRequest
}

const wrongPassword = invalidField("current_password", "is not your password")
const wrongCode = invalidField("code", "is wrong, was used, or is past its time")

/** One's own second factor. A session alone neither makes nor removes one: whoever has stolen it has no password. */
export const makeSecondFactorHandlers = Effect.fnUntraced(function* (guardLogin: LoginGuard) {
  const users = yield* Users
  const factors = yield* SecondFactors
  const list = yield* SessionList
  const recorded = recordedIn(yield* AuditTrail)

  /** What is done once the password is right; null where it is not. */
  const byPassword = Effect.fnUntraced(function* <A, E, R>(password: string, work: Effect.Effect<A, E, R>) {
    const { username } = yield* Principal
    const user = yield* users.login(username, Redacted.make(password))
    return Option.isNone(user) ? null : yield* work
  })

  /** Other sessions end: they were opened by other means than logins are from now on. */
  const noteTurned = Effect.fnUntraced(function* (isOn: boolean) {
    const { id, login } = yield* Principal
    const ended = yield* list.endAll(id, login.id)
    yield* noteChange({
      target: id,
      before: { second_factor: !isOn, sessions: ended.map((each) => each.id) },
      after: { second_factor: isOn, sessions: [] }
    })
  })

  return {
    secondFactor: () =>
      Effect.gen(function* () {
        const { isOn, left } = yield* factors.stateOf((yield* Principal).id)
        return { is_on: isOn, recovery_codes_left: left }
      }).pipe(Effect.catchTag("UsersError", usersUnavailable)),

    beginSecondFactor: ({ payload, request }: Asked<{ readonly current_password: string }>) =>
      Effect.gen(function* () {
        yield* notTwice(request.headers)
        const { id, username } = yield* Principal
        const begin = recorded(
          "beginSecondFactor",
          Effect.tap(factors.begin(id), () => noteChange({ target: id, before: null, after: null })),
          (secret) => (secret === null ? null : done(200))
        ).pipe(Effect.map((secret) => ({ secret })))
        const begun = yield* guardLogin(username, byPassword(payload.current_password, begin), {
          isFailure: (answer) => answer === null,
          onWait
        })
        if (begun === null) return yield* wrongPassword
        const { secret } = begun
        if (secret === null) return yield* new SecondFactorPresent({ detail: "remove it first" })
        return { secret: base32(secret), otpauth_uri: otpauthUri(secret, username) }
      }).pipe(Effect.catchTags(whenDown)),

    confirmSecondFactor: ({ payload, request }: Asked<{ readonly code: string }>) =>
      Effect.gen(function* () {
        yield* notTwice(request.headers)
        const { id, username } = yield* Principal
        const confirm = recorded(
          "confirmSecondFactor",
          Effect.tap(factors.confirm(id, payload.code), (made) =>
            made === null ? Effect.void : noteTurned(true)
          ),
          (made) => (made === null ? null : done(200))
        )
        const codes = yield* guardLogin(username, confirm, { isFailure: (made) => made === null, onWait })
        if (codes === null) return yield* wrongCode
        return { recovery_codes: codes }
      }).pipe(Effect.catchTags(down)),

    removeSecondFactor: ({
      payload: { current_password, code }
    }: Asked<{ readonly current_password: string; readonly code: string }>) =>
      Effect.gen(function* () {
        const { id, username } = yield* Principal
        const remove = recorded(
          "removeSecondFactor",
          Effect.gen(function* () {
            const proof = yield* factors.take(id, code)
            if (!proof.isGood || proof.by === "none") return proof
            yield* factors.remove(id)
            yield* noteTurned(false)
            return proof
          }),
          (proof) => (proof.isGood && proof.by !== "none" ? done(204) : null)
        )
        const proof = yield* guardLogin(username, byPassword(current_password, remove), {
          isFailure: (answer) => answer === null || !answer.isGood,
          onWait
        })
        if (proof === null) return yield* wrongPassword
        if (!proof.isGood && proof.waitSeconds > 0) return yield* onWait(proof.waitSeconds)
        if (!proof.isGood) return yield* wrongCode
        if (proof.by === "none") return yield* invalidField("code", "is of no second factor: there is none")
      }).pipe(Effect.catchTags(whenDown))
  }
})
