import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { routeRoles } from "../../../src/control/api/RouteRoles.ts"
import { WalstreamApi } from "../../../src/control/api/WalstreamApi.ts"
import { isChange } from "../../../src/control/audit/AuditedActs.ts"
import { type Ask, apiLayer, ask, member, tokenFor } from "../TestApi.ts"

const password = "a good password"

/** What changes something without a login that the server asks for: each has to put itself on record. */
const changing = Object.values(WalstreamApi.groups).flatMap((group) =>
  Object.values(group.endpoints).flatMap(({ identifier, method, path }) => {
    const name = `${group.identifier}.${identifier}`
    const isPublic = Object.entries(routeRoles).some(([each, { role }]) => each === name && role === "public")
    return isPublic && isChange(name, method) ? [{ name, method, path: String(path) }] : []
  })
)

/** How each of them is asked for so that it does something. */
const asking: Readonly<
  Record<string, Effect.Effect<Ask, unknown, Effect.Services<ReturnType<typeof tokenFor>>>>
> = {
  "auth.register": Effect.succeed({ body: { username: "new", email: "new@example.com", password } }),
  "auth.token": Effect.as(tokenFor("viewer"), { form: { username: "test-viewer", password } }),
  "auth.setPassword": Effect.gen(function* () {
    const token = yield* tokenFor("admin")
    const made = yield* ask("/api/v1/users", { token, body: { username: "made", role: "viewer" } })
    return { body: { code: member(made.json, "code"), new_password: password } }
  }),
  "auth.logout": Effect.map(tokenFor("viewer"), (token) => ({ token, body: {} }))
}

layer(apiLayer("public_routes", { auth: { isOpen: true, cookie: "auto" } }), {
  timeout: "60 seconds",
  excludeTestServices: true
})("what anybody may ask for", (it) => {
  it.effect("is on record where it changes something", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      assert.isAtLeast(changing.length, 3)
      for (const { name, method, path } of changing) {
        const how = asking[name]
        if (how === undefined) return assert.fail(`${name} changes something, and nobody tries it here`)
        const answer = yield* ask(path, { method, ...(yield* how) })
        assert.isBelow(answer.status, 300, `${name}: ${answer.text}`)
        const lines = yield* sql<{ readonly action: string; readonly outcome: string }>`
          SELECT action, outcome FROM audit_log WHERE request_id = ${answer.headers.get("x-request-id")}`
        assert.deepStrictEqual(lines, [{ action: name, outcome: "done" }])
      }
    })
  )
})
