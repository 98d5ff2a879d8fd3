import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { HttpServer } from "effect/http"
import type { Role } from "../../src/control/api/Role.ts"
import type { JobStore } from "../../src/replay/JobStore.ts"
import { appCode } from "./AppCode.ts"
import { handshake } from "./Handshake.ts"
import { withSecondFactor } from "./SecondFactorSteps.ts"
import { type Answer, type Ask, ask, baseUrl, member, tokenFor, trouble } from "./TestApi.ts"

type Case = Effect.Effect<Answer, unknown, PgClient.PgClient | JobStore | HttpServer.HttpServer>

const position = "0000000000000200-0000000001"
const gap = { id: "gap-1", incarnation: 1, from_lsn: "0/300", until_lsn: null }

/** Capture at a hole that may be accepted. */
export const stopped = { phase: "stopped", gap, code: "slot_missing", message: "the slot is gone" } as const

const tokens = new Map<string, string>()

/** Passwords are dear to check: one login for each role and server. */
export const tokenOnce = Effect.fnUntraced(function* (role: Role) {
  const name = `${yield* baseUrl} ${role}`
  const token = tokens.get(name) ?? (yield* tokenFor(role))
  tokens.set(name, token)
  return token
})

/** Its logins were ended. */
const forget = (role: Role) =>
  Effect.map(baseUrl, (url) => {
    tokens.delete(`${url} ${role}`)
  })

const asOperator = Effect.fnUntraced(function* (path: string, options: Ask = {}) {
  return yield* ask(`/api/v1/${path}`, { token: yield* tokenOnce("operator"), ...options })
})

/** A job that was brought so far; gives its path. */
const job = Effect.fnUntraced(function* (status: "pending" | "queued" | "paused" | "failed" | "cancelled") {
  const made = yield* asOperator("jobs", { body: { start_time: null } })
  const id = String(member(made.json, "id"))
  const act = (action: string) => asOperator(`jobs/${id}/${action}`, { method: "POST" })
  if (status === "cancelled") yield* act("cancel")
  else if (status !== "pending") yield* act("start")
  if (status === "paused") yield* act("pause")
  if (status === "failed") {
    const sql = yield* PgClient.PgClient
    yield* sql`UPDATE jobs SET status = 'failed', completed_at = now(), error_code = 'rejected', error_message = 'said why',
      error_position = ${position} WHERE id = ${id}`
  }
  return `jobs/${id}`
})

const action = (name: "start" | "pause" | "resume" | "cancel", from: Parameters<typeof job>[0]) =>
  Effect.flatMap(job(from), (path) => asOperator(`${path}/${name}`, { method: "POST" }))

const skip = (from: Parameters<typeof job>[0], at = position) =>
  Effect.flatMap(job(from), (path) =>
    asOperator(`${path}/skip`, { body: { position: at, reason: "a test" } })
  )

const withKey = (body: unknown) => asOperator("jobs", { body, headers: { "idempotency-key": "contract" } })

const accept = (isStopped: boolean) =>
  Effect.gen(function* () {
    if (isStopped) trouble.current = stopped
    const token = yield* tokenOnce("admin")
    const body = { gap: gap.id, reason: "a test" }
    return yield* ask("/api/v1/system/source/accept-gap", { token, body })
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        trouble.current = {}
      })
    )
  )

const loggedIn = ask("/api/v1/auth/token", {
  form: { username: "test-viewer", password: "a good password" }
})

const byCookie = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    yield* tokenOnce("viewer")
    const cookie = (yield* loggedIn).headers.getSetCookie()[0] ?? ""
    return yield* ask(`/api/v1/auth/${path}`, { body: {}, headers: { cookie, ...headers } })
  })

const register = (username: string) =>
  ask("/api/v1/auth/register", {
    body: { username, email: `${username}@example.com`, password: "a good password" },
    headers: { "x-forwarded-for": "198.51.100.201" }
  })

const foreignPage = { origin: "https://evil.example" }

/** Somebody else's page. */
const fromElsewhere = (path: string, body: Ask) =>
  ask(`/api/v1/auth/${path}`, { ...body, headers: foreignPage })

const otherSession = Effect.gen(function* () {
  const token = yield* tokenOnce("viewer")
  yield* loggedIn
  const listed = yield* ask("/api/v1/auth/sessions", { token })
  const items: ReadonlyArray<{ id: string; is_current: boolean }> = JSON.parse(listed.text).items
  const other = items.find(({ is_current: isCurrent }) => !isCurrent)
  return yield* ask(`/api/v1/auth/sessions/${other?.id}`, { token, method: "DELETE" })
})

const changePassword = (current_password: string, address: string) =>
  Effect.flatMap(tokenOnce("viewer"), (token) =>
    ask("/api/v1/auth/password", {
      token,
      body: { current_password, new_password: "a good password" },
      headers: { "x-forwarded-for": address }
    })
  )

const asAdmin = Effect.fnUntraced(function* (path: string, options: Ask = {}) {
  return yield* ask(`/api/v1/${path}`, { token: yield* tokenOnce("admin"), ...options })
})

const newKey = (scopes: ReadonlyArray<string>) => asAdmin("api-keys", { body: { name: "contract", scopes } })

const keyPath = Effect.map(newKey(["read"]), ({ json }) => `api-keys/${member(json, "id")}`)

/** By a key that was made for something else: what every route may answer with. */
export const byWrongKey = Effect.fnUntraced(function* (path: string, options: Ask) {
  const made = yield* newKey([path.startsWith("/api/v1/system") ? "jobs" : "admin"])
  return yield* ask(path, { ...options, headers: { "x-api-key": String(member(made.json, "key")) } })
})

const userPath = (role: Role) =>
  Effect.gen(function* () {
    const me = yield* ask("/api/v1/auth/me", { token: yield* tokenOnce(role) })
    return `users/${member(me.json, "id")}`
  })

const newUser = (username: string) => asAdmin("users", { body: { username, role: "viewer" } })

const patchUser = (role: Role, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(userPath(role), (path) => asAdmin(path, { method: "PATCH", body, headers }))

const phrase = "a phrase of its own"

/** Somebody new who has a second factor, or not yet. */
const person = Effect.fnUntraced(function* (username: string) {
  const made = yield* newUser(username)
  yield* ask("/api/v1/auth/set-password", { body: { code: member(made.json, "code"), new_password: phrase } })
  const login = yield* ask("/api/v1/auth/token", { form: { username, password: phrase } })
  return { id: String(member(made.json, "id")), token: String(member(login.json, "access_token")) }
})

const begin = (token: string) =>
  ask("/api/v1/auth/second-factor", { token, body: { current_password: phrase } })

const secondFactorCases: Readonly<Record<string, Case>> = {
  "auth.beginSecondFactor 200": Effect.flatMap(person("begins"), ({ token }) => begin(token)),
  "auth.beginSecondFactor 409": Effect.flatMap(person("has-one"), ({ token }) =>
    Effect.andThen(withSecondFactor(token, phrase), begin(token))
  ),
  "auth.confirmSecondFactor 200": Effect.flatMap(person("confirms"), ({ token }) =>
    Effect.map(withSecondFactor(token, phrase), ({ confirmed }) => confirmed)
  ),
  "auth.removeSecondFactor 204": Effect.gen(function* () {
    const { token } = yield* person("removes")
    const { secret } = yield* withSecondFactor(token, phrase)
    const body = { current_password: phrase, code: appCode(secret, 1) }
    return yield* ask("/api/v1/auth/second-factor/remove", { token, body })
  }),
  "users.removeSecondFactor 204": Effect.flatMap(person("loses"), ({ id }) =>
    asAdmin(`users/${id}/second-factor`, { method: "DELETE" })
  )
}

const accountCases: Readonly<Record<string, Case>> = {
  "keys.create 201": newKey(["read", "jobs"]),
  "keys.rotate 200": Effect.flatMap(keyPath, (path) => asAdmin(`${path}/rotate`, { body: {} })),
  "keys.remove 204": Effect.flatMap(keyPath, (path) => asAdmin(path, { method: "DELETE" })),
  "keys.rotate 412": Effect.flatMap(keyPath, (path) =>
    asAdmin(`${path}/rotate`, { body: {}, headers: { "if-match": '"99"' } })
  ),
  "keys.remove 412": Effect.flatMap(keyPath, (path) =>
    asAdmin(path, { method: "DELETE", headers: { "if-match": '"99"' } })
  ),
  "users.create 201": Effect.suspend(() => newUser(`made${Date.now()}`)),
  "users.create 409": Effect.andThen(tokenOnce("viewer"), newUser("test-viewer")),
  "users.resetPassword 200": Effect.flatMap(
    Effect.suspend(() => newUser(`reset${Date.now()}`)),
    ({ json }) => asAdmin(`users/${member(json, "id")}/reset-password`, { method: "POST" })
  ),
  "auth.setPassword 204": Effect.flatMap(
    Effect.suspend(() => newUser(`chose${Date.now()}`)),
    ({ json }) =>
      ask("/api/v1/auth/set-password", {
        body: { code: member(json, "code"), new_password: "a phrase of its own" }
      })
  ),
  "users.update 200": patchUser("viewer", { is_active: true }),
  "users.update 412": patchUser("viewer", { role: "viewer" }, { "if-match": '"99"' }),
  "users.update 409": Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`UPDATE users SET is_active = false WHERE role = 'admin' AND username <> 'test-admin'`
    return yield* patchUser("admin", { role: "viewer" })
  }),
  "users.endSessions 204": Effect.flatMap(tokenFor("operator"), (token) =>
    Effect.flatMap(ask("/api/v1/auth/me", { token }), ({ json }) =>
      asAdmin(`users/${member(json, "id")}/sessions`, { method: "DELETE" })
    )
  ).pipe(Effect.tap(() => forget("operator")))
}

const sessionCases: Readonly<Record<string, Case>> = {
  "auth.register 201": Effect.suspend(() => register(`contract${Date.now()}`)),
  "auth.register 409": Effect.andThen(tokenOnce("viewer"), register("test-viewer")),
  "auth.register 403": fromElsewhere("register", {
    body: { username: "x", email: "x@example.com", password: "a good password" }
  }),
  "auth.token 403": fromElsewhere("token", { form: { username: "x", password: "x" } }),
  "auth.refresh 200": byCookie("refresh"),
  "auth.refresh 401": ask("/api/v1/auth/refresh", { body: {} }),
  "auth.refresh 403": byCookie("refresh", foreignPage),
  "auth.logout 204": byCookie("logout"),
  "auth.logout 403": byCookie("logout", foreignPage),
  "auth.endSession 204": otherSession,
  "auth.endOtherSessions 204": Effect.flatMap(tokenOnce("viewer"), (token) =>
    ask("/api/v1/auth/sessions", { token, method: "DELETE" })
  ),
  "auth.changePassword 204": changePassword("a good password", "198.51.100.202")
}

const evil = { origin: "https://evil.example" }

/** Ten streams, which a user may have, and one more. */
const oneTooMany = (path: string) =>
  Effect.gen(function* () {
    const token = yield* tokenFor("operator")
    for (let i = 0; i < 10; i++) yield* handshake("events/ws", token)
    return path === "events/ws" ? yield* handshake(path, token) : yield* asOperator(path)
  }).pipe(Effect.scoped)

/** What produces an answer, by operation and status, where that does not follow from the contract alone. */
export const contractCases: Readonly<Record<string, Case>> = {
  "auth.token 200": Effect.andThen(
    tokenFor("viewer"),
    ask("/api/v1/auth/token", { form: { username: "test-viewer", password: "a good password" } })
  ),
  "auth.token 401": ask("/api/v1/auth/token", {
    form: { username: "nobody", password: "wrong" },
    headers: { "x-forwarded-for": "198.51.100.200" }
  }),
  ...sessionCases,
  ...accountCases,
  ...secondFactorCases,
  "jobs.create 201": asOperator("jobs", { body: { start_time: null } }),
  "jobs.create 422": Effect.andThen(
    withKey({ start_time: null }),
    withKey({ start_time: null, name: "other" })
  ),
  "jobs.create 409": Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const me = yield* asOperator("auth/me")
    const lock = `${member(me.json, "id")} jobs.create contract`
    return yield* sql.withTransaction(
      Effect.andThen(
        sql`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 7))::text AS held`,
        withKey({ start_time: null })
      )
    )
  }),
  "jobs.estimate 200": asOperator("jobs/estimate", { body: { last: "15m" } }),
  "jobs.get 200": Effect.flatMap(job("pending"), (path) => asOperator(path)),
  "jobs.get 304": Effect.gen(function* () {
    const path = yield* job("pending")
    const etag = (yield* asOperator(path)).headers.get("etag") ?? ""
    return yield* asOperator(path, { headers: { "if-none-match": etag } })
  }),
  "jobs.update 200": Effect.flatMap(job("queued"), (path) =>
    asOperator(path, { method: "PATCH", body: { speed_factor: "max" } })
  ),
  "jobs.update 412": Effect.flatMap(job("pending"), (path) =>
    asOperator(path, { method: "PATCH", body: { name: "x" }, headers: { "if-match": '"99"' } })
  ),
  "jobs.remove 204": Effect.flatMap(job("pending"), (path) => asOperator(path, { method: "DELETE" })),
  "jobs.remove 409": Effect.flatMap(job("queued"), (path) => asOperator(path, { method: "DELETE" })),
  "jobs.remove 412": Effect.flatMap(job("pending"), (path) =>
    asOperator(path, { method: "DELETE", headers: { "if-match": '"99"' } })
  ),
  "jobs.start 202": action("start", "pending"),
  "jobs.start 200": action("start", "queued"),
  "jobs.start 409": action("start", "cancelled"),
  "jobs.pause 202": action("pause", "queued"),
  "jobs.pause 200": action("pause", "paused"),
  "jobs.pause 409": action("pause", "pending"),
  "jobs.resume 202": action("resume", "paused"),
  "jobs.resume 200": action("resume", "queued"),
  "jobs.resume 409": action("resume", "pending"),
  "jobs.cancel 202": action("cancel", "queued"),
  "jobs.cancel 200": action("cancel", "cancelled"),
  "jobs.cancel 409": Effect.gen(function* () {
    const path = yield* job("pending")
    const sql = yield* PgClient.PgClient
    yield* sql`UPDATE jobs SET status = 'completed', completed_at = now() WHERE id = ${path.slice(5)}`
    return yield* asOperator(`${path}/cancel`, { method: "POST" })
  }),
  "jobs.failures 200": Effect.flatMap(job("failed"), (path) => asOperator(`${path}/failures`)),
  "jobs.history 200": Effect.flatMap(job("failed"), (path) => asOperator(`${path}/history`)),
  "jobs.skip 200": skip("failed"),
  "jobs.skip 409": skip("failed", "0000000000000300-0000000000"),
  "events.volume 200": asOperator(
    "events/volume?start=2026-01-02T03:00:00Z&end=2026-01-02T04:00:00Z&buckets=6"
  ),
  "events.volume 400": asOperator("events/volume?start=2026-01-02T03:00:00Z&end=2026-01-02T03:00:00Z"),
  "events.transaction 200": asOperator("events/transactions/2?limit=1"),
  "events.transaction 400": asOperator("events/transactions/2?cursor=x"),
  "events.transaction 404": asOperator("events/transactions/99"),
  "events.event 200": asOperator(`events/${position}`),
  "events.event 404": asOperator("events/nothing"),
  "events.ws 101": Effect.flatMap(tokenOnce("viewer"), (token) => handshake("events/ws", token)).pipe(
    Effect.scoped
  ),
  "events.ws 403": Effect.flatMap(tokenOnce("viewer"), (token) => handshake("events/ws", token, evil)).pipe(
    Effect.scoped
  ),
  "events.ws 429": oneTooMany("events/ws"),
  "events.stream 200": Effect.flatMap(tokenOnce("viewer"), (token) =>
    handshake("events/stream", token, {}, "plain")
  ).pipe(Effect.scoped),
  "events.stream 403": Effect.flatMap(tokenOnce("viewer"), (token) =>
    ask("/api/v1/events/stream", { token, headers: evil })
  ),
  "events.stream 429": oneTooMany("events/stream"),
  "tickets.issue 200": asOperator("ws-tickets", { method: "POST" }),
  "system.acceptGap 200": accept(true),
  "system.acceptGap 409": accept(false)
}
