import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { includesRole, type Role, roles } from "../../src/control/api/Role.ts"
import { routeRoles } from "../../src/control/api/RouteRoles.ts"
import { type Scope, scopes } from "../../src/control/api/Scope.ts"
import { WalstreamApi } from "../../src/control/api/WalstreamApi.ts"
import { Tokens } from "../../src/control/auth/Tokens.ts"
import { type Answer, type Ask, apiLayer, ask, member, testSecret, tokenFor } from "./TestApi.ts"

const nobody = "00000000-0000-4000-8000-000000000000"

/** Every route of the table, asked for in a way that nothing comes of but for who asks. */
const requests = Object.values(WalstreamApi.groups).flatMap((group) =>
  Object.values(group.endpoints).map(({ identifier, method, path }) => {
    const name = `${group.identifier}.${identifier}`
    // A stream would not end by itself.
    const query = name === "events.stream" ? "?after=nothing" : ""
    const address = `${path.replace(":id", nobody)}${query}`
    const body = method === "POST" || method === "PATCH" ? { body: { no_such_field: true } } : {}
    return { name, address, method, body }
  })
)
const table = new Map(Object.entries(routeRoles))

const statusOf = (answer: Answer): "unknown" | "forbidden" | "let in" => {
  if (answer.status === 401) return "unknown"
  return answer.status === 403 ? "forbidden" : "let in"
}

/** As whom, and what the table says of it. */
interface Caller {
  readonly who: string
  readonly show: Ask
  readonly expected: (role: Role | "public", scope: Scope | null) => ReturnType<typeof statusOf>
}

const session = (role: Role, token: string): Caller => ({
  who: role,
  show: { token },
  expected: (required) => (required === "public" || includesRole(role, required) ? "let in" : "forbidden")
})

const stranger = (who: string, show: Ask): Caller => ({
  who,
  show,
  expected: (required) => (required === "public" ? "let in" : "unknown")
})

const key = (made: ReadonlyArray<Scope>, text: string): Caller => ({
  who: `a key for ${made.join(" and ")}`,
  show: { headers: { "x-api-key": text } },
  expected: (required, scope) =>
    required === "public" || (scope !== null && made.includes(scope)) ? "let in" : "forbidden"
})

layer(apiLayer("route_access"), { timeout: "60 seconds", excludeTestServices: true })(
  "the table of routes",
  (it) => {
    it.effect(
      "holds for each route and whoever asks",
      () =>
        Effect.gen(function* () {
          const sql = yield* PgClient.PgClient
          const admin = yield* tokenFor("admin")
          const newKey = Effect.fnUntraced(function* (made: ReadonlyArray<Scope>) {
            const { json } = yield* ask("/api/v1/api-keys", {
              token: admin,
              body: { name: "x", scopes: made }
            })
            return String(member(json, "key"))
          })
          const callers: Array<Caller> = [
            stranger("no one", {}),
            stranger("a forged token", { token: "a.b.c" }),
            stranger("a key that is none", { headers: { "x-api-key": `wsk_${"0".repeat(61)}` } })
          ]
          for (const role of roles) callers.push(session(role, yield* tokenFor(role)))
          for (const scope of scopes) callers.push(key([scope], yield* newKey([scope])))
          callers.push(key(scopes, yield* newKey(scopes)))

          const [late] = yield* sql<{ readonly userId: string; readonly sessionId: string }>`
            SELECT user_id::text AS "userId", id::text AS "sessionId" FROM sessions LIMIT 1`
          const past = yield* Tokens.pipe(
            Effect.flatMap((tokens) =>
              tokens.issue({ userId: "", sessionId: "", ...late, until: Number.MAX_SAFE_INTEGER })
            ),
            Effect.provide(Tokens.layer({ secret: testSecret, seconds: -5 }))
          )
          callers.push(stranger("an expired token", { token: past }))

          // Of somebody who is disabled: the token is as good as new, and a key, too.
          const made = yield* sql<{
            readonly id: string
          }>`INSERT INTO users (username, password_hash, role, is_active)
            VALUES ('disabled', 'none', 'admin', false) RETURNING id::text`
          const [theirs] = yield* sql<{ readonly id: string }>`
            INSERT INTO sessions (user_id, family_digest, refresh_digest, address, user_agent, ends_at)
            VALUES (${made[0]?.id}::uuid, 'x', 'x', '', '', now() + interval '1 hour') RETURNING id::text`
          const disabled = yield* Tokens.pipe(
            Effect.flatMap((tokens) =>
              tokens.issue({
                userId: made[0]?.id ?? "",
                sessionId: theirs?.id ?? "",
                until: Number.MAX_SAFE_INTEGER
              })
            ),
            Effect.provide(Tokens.layer({ secret: testSecret, seconds: 600 }))
          )
          const theirKey = yield* newKey(scopes)
          yield* sql`UPDATE api_keys SET user_id = ${made[0]?.id}::uuid WHERE ${theirKey} LIKE 'wsk_' || id || '%'`
          callers.push(stranger("a disabled user", { token: disabled }))
          callers.push(stranger("a disabled user's key", { headers: { "x-api-key": theirKey } }))

          const wrong: Array<string> = []
          let looked = 0
          for (const { name, address, method, body } of requests) {
            const access = table.get(name)
            assert.isDefined(access, name)
            for (const { who, show, expected } of callers) {
              const answer = yield* ask(address, { method, ...body, ...show })
              const is = statusOf(answer)
              const should = expected(access?.role ?? "admin", access?.scope ?? null)
              looked += 1
              if (is !== should) wrong.push(`${name} by ${who}: ${is} (${answer.status}), not ${should}`)
            }
          }
          assert.deepStrictEqual(wrong, [])
          assert.strictEqual(looked, table.size * callers.length)

          // In full, since a body that is refused shows only that nobody stands before them.
          const statusesOf = (path: string) =>
            Effect.forEach(callers, ({ who, show }) =>
              Effect.map(ask(path, { method: "POST", body: {}, ...show }), ({ status }) => [who, status])
            )
          const all = (status: number) => callers.map(({ who }) => [who, status])
          // By its cookie and nothing else: nobody here has one.
          assert.deepStrictEqual(yield* statusesOf("/api/v1/auth/refresh"), all(401))
          // Whoever asks, and it ends the session of the token that is shown: no other, and no key.
          assert.deepStrictEqual(yield* statusesOf("/api/v1/auth/logout"), all(204))
          for (const { who, show, expected } of callers) {
            const { role = "admin", scope = null } = table.get("auth.me") ?? {}
            const isSession = roles.some((each) => each === who)
            const is = statusOf(yield* ask("/api/v1/auth/me", show))
            assert.strictEqual(is, isSession ? "unknown" : expected(role, scope), who)
          }
        }),
      120_000
    )
  }
)
