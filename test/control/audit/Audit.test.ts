import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { IpNetwork } from "effect/net"
import { stopped, tokenOnce } from "../ContractCases.ts"
import { type Answer, type Ask, apiLayer, ask, member, trouble } from "../TestApi.ts"
import { eventually, type Line, linesOf } from "./AuditLines.ts"

const position = "0000000000000200-0000000001"

const password = "a good password"
const cookieOf = ({ headers }: Answer): string => headers.getSetCookie()[0]?.split(";")[0] ?? "none"
const login = (username: string) => ask("/api/v1/auth/token", { form: { username, password } })
const tokenOf = ({ json }: Answer): string => String(member(json, "access_token"))
const logout = (options: Ask = {}) => ask("/api/v1/auth/logout", { body: {}, ...options })
const refresh = (cookie: string) => ask("/api/v1/auth/refresh", { body: {}, headers: { cookie } })

layer(
  apiLayer("audit", {
    trustedProxies: [IpNetwork.fromStringUnsafe("127.0.0.0/8")],
    auth: { isOpen: true, cookie: "auto" }
  }),
  { timeout: "60 seconds", excludeTestServices: true }
)("the audit log", (it) => {
  it.effect("has every change of a job, with who, from where, before and after", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("operator")
      const headers = { "x-request-id": "mine-1", "x-forwarded-for": "198.51.100.7" }
      const made = yield* ask("/api/v1/jobs", {
        token,
        headers,
        body: { start_time: null, name: "mornings" }
      })
      const id = String(member(made.json, "id"))
      const post = (action: string) => ask(`/api/v1/jobs/${id}/${action}`, { token, method: "POST" })
      const patch = (body: object) => ask(`/api/v1/jobs/${id}`, { token, method: "PATCH", body })
      yield* patch({ speed_factor: 2.5 })
      for (const same of [{}, { speed_factor: 2.5, name: "mornings" }]) {
        assert.strictEqual(member((yield* patch(same)).json, "version"), 2)
      }
      yield* post("start")
      yield* post("start")
      const sql = yield* PgClient.PgClient
      yield* sql`UPDATE jobs SET status = 'failed', completed_at = now(), error_code = 'rejected', error_message = 'said why',
        error_position = ${position} WHERE id = ${id}`
      yield* ask(`/api/v1/jobs/${id}/skip`, { token, body: { position, reason: "no depot there" } })
      yield* post("cancel")
      yield* ask(`/api/v1/jobs/${id}`, { token, method: "DELETE" })
      const lines = (yield* linesOf(`target=${id}`)).toReversed()
      assert.deepStrictEqual(
        lines.map(({ action, outcome }) => `${action} ${outcome}`),
        [
          "jobs.create done",
          "jobs.update done",
          "jobs.update unchanged",
          "jobs.update unchanged",
          "jobs.start done",
          "jobs.start unchanged",
          "jobs.fail failed",
          "jobs.skip done",
          "jobs.cancel done",
          "jobs.remove done"
        ]
      )
      const [create, update, , , start, , fail, skip, cancel, remove] = lines
      assert.deepInclude(create, {
        actor: "test-operator",
        status: 201,
        address: "198.51.100.7",
        request_id: "mine-1",
        before: null
      })
      assert.deepInclude(create?.after, { name: "mornings", status: "pending", target: "default" })
      assert.deepInclude(update, { before: { speed_factor: 1 }, after: { speed_factor: 2.5 } })
      assert.deepInclude(start, { before: { status: "pending" }, after: { status: "queued" } })
      assert.deepInclude(fail, { actor: "system", status: null, before: { status: "queued" } })
      assert.deepInclude(fail?.after, { status: "failed", error_code: "rejected", error_position: position })
      assert.deepInclude(skip?.after, { skips: [{ position, reason: "no depot there" }] })
      assert.deepInclude(cancel?.after, { status: "cancelled" })
      assert.deepInclude(remove?.before, { name: "mornings", status: "cancelled" })
      assert.isNull(remove?.after)
      assert.deepStrictEqual(
        lines.map(({ seq }) => seq),
        lines.map((_, i) => (lines[0]?.seq ?? 0) + i)
      )
    })
  )

  it.effect("says once what was done once, however many ask for it at the same time", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("operator")
      const made = yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
      const id = String(member(made.json, "id"))
      const many = <A>(one: (n: number) => A) => Array.from({ length: 6 }, (_, n) => one(n))
      const all = { concurrency: "unbounded" } as const
      const started = yield* Effect.all(
        many(() => ask(`/api/v1/jobs/${id}/start`, { token, method: "POST" })),
        all
      )
      assert.deepStrictEqual(started.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 202])
      yield* Effect.all(
        many((n) => ask(`/api/v1/jobs/${id}`, { token, method: "PATCH", body: { speed_factor: 10 + n } })),
        all
      )
      const lines = (yield* linesOf(`target=${id}`)).toReversed()
      const starts = lines.filter(({ action }) => action === "jobs.start")
      assert.deepStrictEqual(
        starts.map(({ outcome }) => outcome),
        ["done", ...many(() => "unchanged").slice(1)]
      )
      // Each found what the one before has left.
      const changes = lines.filter(({ action }) => action === "jobs.update")
      const speeds = changes.map(({ after }) => after)
      assert.deepStrictEqual(
        changes.map(({ before }) => before),
        [{ speed_factor: 1 }, ...speeds.slice(0, -1)]
      )
    })
  )

  it.effect("has no key, also where one was given for its id", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      const made = yield* ask("/api/v1/api-keys", { token, body: { name: "x", scopes: ["read"] } })
      const key = String(member(made.json, "key"))
      const id = String(member(made.json, "id"))
      yield* ask(`/api/v1/api-keys/${key}`, { token, method: "DELETE" })
      const ofKey = yield* eventually("action=keys.remove", (found) => found.length > 0)
      assert.strictEqual(ofKey[0]?.target, `wsk_${id}_\u2026`)
    })
  )

  it.effect("has logins, an accepted hole, and what was answered from an Idempotency-Key", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      const [login] = yield* linesOf("action=auth.token&actor=test-admin")
      assert.deepInclude(login, { outcome: "done", status: 200, actor: "test-admin" })
      trouble.current = stopped
      const accepted = yield* ask("/api/v1/system/source/accept-gap", {
        token,
        body: { gap: "gap-1", reason: "agreed" }
      })
      assert.strictEqual(accepted.status, 200)
      const [gap] = yield* linesOf("target=gap-1")
      assert.deepInclude(gap, { action: "system.acceptGap", actor: "test-admin", outcome: "done" })
      assert.deepInclude(gap?.after, { reason: "agreed", accepted_by: "test-admin" })
      const once = { token, body: { start_time: null }, headers: { "idempotency-key": "audited" } }
      yield* ask("/api/v1/jobs", once)
      yield* ask("/api/v1/jobs", once)
      const creates = yield* linesOf("action=jobs.create&actor=test-admin")
      assert.deepStrictEqual(
        creates.map(({ outcome }) => outcome),
        ["unchanged", "done"]
      )
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          trouble.current = {}
        })
      )
    )
  )

  it.effect("has every refused attempt, the same ones as one line, and nothing that tried nothing", () =>
    Effect.gen(function* () {
      const viewer = yield* tokenOnce("viewer")
      const operator = yield* tokenOnce("operator")
      const from = (address: string) => ({ "x-forwarded-for": address })
      const nobody = "00000000-0000-4000-8000-000000000000"
      const outsider = from("203.0.113.40")
      for (let i = 0; i < 20; i++) {
        yield* ask(`/api/v1/jobs/${nobody}`, { token: viewer, method: "DELETE", headers: outsider })
      }
      yield* ask("/api/v1/jobs", { token: "a.b.c", headers: outsider })
      yield* ask("/api/v1/jobs", { headers: outsider })
      yield* ask("/api/v1/jobs", { body: { start_time: null }, headers: outsider })
      yield* ask("/api/v1/jobs", { token: operator, body: { start_time: 7 }, headers: outsider })
      yield* ask("/api/v1/events/recent?limit=0", { token: operator, headers: outsider })
      const login = (username: string) =>
        ask("/api/v1/auth/token", { form: { username, password: "wrong" }, headers: outsider })
      yield* login("test-VIEWER")
      yield* login("my password by mistake")
      const since = yield* eventually(
        "outcome=refused",
        (lines) => lines.filter(({ address }) => address === "203.0.113.40").length >= 5
      )
      const found = since.filter(({ address }) => address === "203.0.113.40")
      assert.sameDeepMembers(
        found.map(({ actor, action, target, status, problem }) => [actor, action, target, status, problem]),
        [
          ["test-viewer", "jobs.remove", nobody, 403, "forbidden"],
          [null, "jobs.list", null, 401, "unauthorized"],
          ["test-operator", "jobs.create", null, 400, "invalid-request"],
          [null, "auth.token", "test-viewer", 401, "invalid-credentials"],
          [null, "auth.token", null, 401, "invalid-credentials"]
        ]
      )
      const text = JSON.stringify(since)
      assert.notInclude(text, "by mistake")
      assert.notInclude(text, "wrong")
    })
  )

  it.effect("comes before the change: where it cannot be written, nothing is changed", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("operator")
      const sql = yield* PgClient.PgClient
      const count = Effect.map(
        sql<{ readonly n: number }>`SELECT count(*)::int4 AS n FROM jobs`,
        ([row]) => row?.n
      )
      const before = yield* count
      const create = ask("/api/v1/jobs", { token, body: { start_time: null } })
      yield* Effect.acquireUseRelease(
        sql`ALTER TABLE audit_log RENAME TO audit_log_away`,
        () =>
          Effect.gen(function* () {
            assert.strictEqual((yield* create).status, 500)
            const login = { username: "test-operator", password: "a good password" }
            const refused = yield* ask("/api/v1/auth/token", { form: login })
            assert.strictEqual(refused.status, 500)
            assert.notInclude(refused.text, "access_token")
            assert.strictEqual(yield* count, before)
          }),
        () => sql`ALTER TABLE audit_log_away RENAME TO audit_log`
      )
      assert.strictEqual((yield* create).status, 201)
      assert.strictEqual(yield* count, (before ?? 0) + 1)
    })
  )

  it.effect("comes before what becomes of logins, too: no line, no change", () =>
    Effect.gen(function* () {
      yield* tokenOnce("viewer")
      const sql = yield* PgClient.PgClient
      const [here, there] = [yield* login("test-viewer"), yield* login("test-viewer")]
      const token = tokenOf(here)
      const used = cookieOf(yield* login("test-viewer"))
      yield* refresh(used)
      yield* sql`UPDATE sessions SET used_at = used_at - interval '11 seconds'`
      const state = sql`SELECT (SELECT json_agg(s ORDER BY s.id) FROM sessions s)::text AS sessions,
        (SELECT json_agg(u ORDER BY u.id) FROM users u)::text AS users`
      const before = yield* state
      const acts = {
        password: ask("/api/v1/auth/password", {
          token,
          body: { current_password: password, new_password: "a better phrase" }
        }),
        others: ask("/api/v1/auth/sessions", { token, method: "DELETE" }),
        register: ask("/api/v1/auth/register", {
          body: { username: "unwritten", email: "unwritten@example.com", password }
        }),
        login: login("test-viewer"),
        logout: logout({ token }),
        byCookie: logout({ headers: { cookie: cookieOf(there) } }),
        reuse: refresh(used)
      }
      yield* Effect.acquireUseRelease(
        sql`ALTER TABLE audit_log ADD CONSTRAINT no_logins CHECK (action NOT LIKE 'auth.%') NOT VALID`,
        () =>
          Effect.gen(function* () {
            for (const [name, act] of Object.entries(acts)) {
              assert.strictEqual((yield* act).status, 500, name)
              assert.deepStrictEqual(yield* state, before, name)
            }
          }),
        () => sql`ALTER TABLE audit_log DROP CONSTRAINT no_logins`
      )
      assert.strictEqual((yield* acts.reuse).status, 401)
      assert.strictEqual((yield* acts.byCookie).status, 204)
      assert.strictEqual((yield* acts.others).status, 204)
    })
  )

  it.effect("says whose session ended, and nothing where nothing did", () =>
    Effect.gen(function* () {
      yield* tokenOnce("viewer")
      const sessionOf = (answer: Answer) =>
        Effect.map(ask("/api/v1/auth/sessions", { token: tokenOf(answer) }), ({ text }) => {
          const items: ReadonlyArray<{ id: string; is_current: boolean }> = JSON.parse(text).items
          return items.find(({ is_current: is }) => is)?.id ?? "none"
        })
      const [byToken, byCookie, stolen] = [
        yield* login("test-viewer"),
        yield* login("test-viewer"),
        yield* login("test-viewer")
      ]
      const ids = [yield* sessionOf(byToken), yield* sessionOf(byCookie), yield* sessionOf(stolen)]
      yield* logout({ token: tokenOf(byToken) })
      yield* logout({ headers: { cookie: cookieOf(byCookie) } })
      const current = yield* refresh(cookieOf(stolen))
      yield* refresh(cookieOf(current))
      yield* refresh(cookieOf(stolen))
      const lines = yield* Effect.forEach(ids, (id) => linesOf(`target=${id}`))
      for (const [line, ...more] of lines) {
        assert.deepInclude(line, { actor: "test-viewer", after: null })
        assert.deepInclude(line?.before, { address: "127.0.0.1" })
        assert.lengthOf(more, 0)
      }
      assert.deepStrictEqual(
        lines.map(([line]) => [line?.action, line?.outcome, line?.status]),
        [
          ["auth.logout", "done", 204],
          ["auth.logout", "done", 204],
          ["auth.refresh", "refused", 401]
        ]
      )
      const done = Effect.map(linesOf("action=auth.logout&limit=200"), (all) =>
        all.filter(({ outcome }) => outcome !== "refused").map(({ seq }) => seq)
      )
      const before = yield* done
      yield* Effect.all([
        logout(),
        logout({ token: "a.b.c" }),
        logout({ token: tokenOf(byToken) }),
        logout({ headers: { cookie: cookieOf(byCookie) } }),
        logout({ headers: { cookie: `walstream_refresh=${"A".repeat(22)}.${"A".repeat(43)}` } })
      ])
      assert.deepStrictEqual(yield* done, before)
    })
  )

  it.effect("is read in pages, by filters, by admins", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      for (let i = 0; i < 5; i++) yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
      const query = "action=jobs.create&actor=test-admin"
      const whole = yield* linesOf(query)
      const paged: Array<Line> = []
      let cursor = ""
      do {
        const page = yield* ask(`/api/v1/audit?${query}&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, {
          token
        })
        paged.push(...(member(page.json, "items") as unknown as ReadonlyArray<Line>))
        cursor = String(member(page.json, "next_cursor") ?? "")
        if (cursor !== "") {
          const other = yield* ask(`/api/v1/audit?limit=2&cursor=${cursor}`, { token })
          assert.strictEqual(other.status, 400)
        }
      } while (cursor !== "")
      assert.deepStrictEqual(paged, [...whole])
      assert.isAbove(whole.length, 4)
      assert.lengthOf(yield* linesOf(`${query}&end=2020-01-01T00:00:00Z`), 0)
      assert.lengthOf(yield* linesOf(`${query}&start=2020-01-01T00:00:00Z`), whole.length)
      assert.lengthOf(yield* linesOf(`actor=${encodeURIComponent("' OR true --")}`), 0)
      for (const path of ["", "/verify", "/export.csv", "/export.ndjson"]) {
        const refused = yield* ask(`/api/v1/audit${path}`, { token: yield* tokenOnce("operator") })
        assert.strictEqual(refused.status, 403, path)
      }
    })
  )

  it.effect("is exported whole, as lines of JSON and as CSV that no spreadsheet runs", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      const name = '=HYPERLINK("http://evil")'
      const made = yield* ask("/api/v1/jobs", { token, body: { start_time: null, name } })
      const sql = yield* PgClient.PgClient
      yield* sql`INSERT INTO audit_log (actor, action, target, outcome, door, repeats)
        SELECT '=cmd', 'test.many', ${'@x,"y"\r\nz'}, 'done', 'system', n FROM generate_series(1, 1200) AS n`
      const ndjson = yield* ask("/api/v1/audit/export.ndjson?action=test.many", { token })
      const lines: ReadonlyArray<Line> = ndjson.text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        lines.map(({ repeats }) => repeats),
        Array.from({ length: 1200 }, (_, i) => i + 1)
      )
      assert.strictEqual(ndjson.headers.get("content-disposition"), 'attachment; filename="audit.ndjson"')
      const csv = yield* ask("/api/v1/audit/export.csv?action=test.many", { token })
      assert.match(csv.headers.get("content-type") ?? "", /^text\/csv/u)
      assert.strictEqual(csv.text.split(`,'=cmd,,test.many,"'@x,""y""\r\nz",done,`).length, 1201)
      const one = yield* ask(`/api/v1/audit/export.csv?target=${member(made.json, "id")}`, { token })
      assert.match(one.text, /^seq,at,actor_id,actor,/u)
      assert.include(one.text, '""name"":""=HYPERLINK(\\""')
    })
  )
})
