import { request } from "node:http"
import { connect } from "node:net"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { ReadOnlySql } from "../../src/control/ReadOnlySql.ts"
import { rawAnswer } from "./attacks/RawAnswer.ts"
import { apiLayer, ask, baseUrl, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"
const friend = "https://app.example"

/** A path as it is given, which `fetch` would tidy up. */
const getAsIs = (path: string) =>
  Effect.flatMap(baseUrl, (url) =>
    Effect.promise(
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          request({ port: new URL(url).port, host: "127.0.0.1", path }, (response) => {
            response.resume()
            resolve(response.statusCode)
          })
            .on("error", reject)
            .end()
        })
    )
  )

layer(apiLayer("manners", { corsOrigins: [friend] }), { timeout: "60 seconds", excludeTestServices: true })(
  "manners",
  (it) => {
    it.effect("every answer has the headers that keep browsers out of trouble", () =>
      Effect.gen(function* () {
        for (const path of ["/api/v1/health/live", "/api/v1/jobs", "/nothing", "/", "/api/v1/openapi.json"]) {
          const { headers } = yield* ask(path)
          assert.strictEqual(headers.get("x-content-type-options"), "nosniff", path)
          assert.strictEqual(headers.get("referrer-policy"), "no-referrer", path)
          assert.strictEqual(
            headers.get("strict-transport-security"),
            "max-age=31536000; includeSubDomains",
            path
          )
          assert.strictEqual(headers.get("cross-origin-opener-policy"), "same-origin", path)
          assert.strictEqual(headers.get("cross-origin-resource-policy"), "same-origin", path)
          assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'/u, path)
          for (const part of ["base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"]) {
            assert.include(headers.get("content-security-policy") ?? "", part, path)
          }
          assert.notInclude(headers.get("content-security-policy") ?? "", "unsafe", path)
          assert.isNotNull(headers.get("cache-control"), path)
          assert.isNotNull(headers.get("x-request-id"), path)
          assert.match(headers.get("traceparent") ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/u, path)
        }
      })
    )

    it.effect("a trace goes on through the answer and the problem; a malformed one begins anew", () =>
      Effect.gen(function* () {
        const trace = "0af7651916cd43dd8448eb211c80319c"
        const span = "b7ad6b7169203331"
        const answer = yield* ask("/api/v1/nothing", { headers: { traceparent: `00-${trace}-${span}-01` } })
        const told = answer.headers.get("traceparent") ?? ""
        assert.match(told, new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`, "u"))
        assert.notInclude(told, span)
        assert.include(answer.json, { trace_id: trace })
        for (const bad of [
          `00-${"0".repeat(32)}-${span}-01`,
          `00-${trace}-x-01`,
          `ff-${trace}-${span}-01`,
          "x"
        ]) {
          const other = yield* ask("/api/v1/nothing", { headers: { traceparent: bad } })
          assert.notInclude(other.headers.get("traceparent") ?? "", trace)
        }
      })
    )

    it.effect("scripts of other origins are let in by an exact list only, and never with cookies", () =>
      Effect.gen(function* () {
        const token = yield* tokenFor("viewer")
        const allowed = yield* ask("/api/v1/jobs", { token, headers: { origin: friend } })
        assert.strictEqual(allowed.headers.get("access-control-allow-origin"), friend)
        assert.include(allowed.headers.get("access-control-expose-headers") ?? "", "X-Token-Expired")
        assert.strictEqual(allowed.headers.get("vary"), "Origin")
        assert.isNull(allowed.headers.get("access-control-allow-credentials"))
        const refusedToo = yield* ask("/api/v1/jobs", { headers: { origin: friend } })
        assert.strictEqual(refusedToo.headers.get("access-control-allow-origin"), friend)
        for (const origin of [
          "https://app.example.evil",
          "http://app.example",
          "https://APP.example",
          "null"
        ]) {
          const other = yield* ask("/api/v1/jobs", { token, headers: { origin } })
          assert.isNull(other.headers.get("access-control-allow-origin"), origin)
          assert.strictEqual(other.headers.get("vary"), "Origin")
        }
        const preflight = (origin: string) =>
          ask("/api/v1/jobs", {
            method: "OPTIONS",
            headers: { origin, "access-control-request-method": "POST" }
          })
        const asked = yield* preflight(friend)
        assert.strictEqual(asked.status, 204)
        assert.include(asked.headers.get("access-control-allow-headers") ?? "", "Idempotency-Key")
        assert.strictEqual((yield* preflight("https://evil.example")).status, 405)
      })
    )

    it.effect("what is too long, too many or too deep is refused before it is taken apart", () =>
      Effect.gen(function* () {
        const token = yield* tokenFor("operator")
        const deep = (levels: number) => `{"tables":${"[".repeat(levels)}${"]".repeat(levels)}}`
        const many = (members: number) =>
          JSON.stringify(Object.fromEntries(Array.from({ length: members }, (_, i) => [`k${i}`, "1"])))
        const cases = [
          [`/api/v1/jobs?cursor=${"x".repeat(9000)}`, {}, 414, "address-too-long"],
          [`/api/v1/jobs?${"limit=1&".repeat(70)}limit=1`, {}, 400, "bad-request"],
          ["/api/v1/jobs", { body: deep(200_000) }, 400, "bad-request"],
          ["/api/v1/jobs", { body: deep(70) }, 400, "bad-request"],
          ["/api/v1/jobs", { body: deep(20) }, 400, "invalid-request"],
          ["/api/v1/jobs", { body: `{"name":"${"[".repeat(100)}"}` }, 400, "invalid-request"],
          ["/api/v1/jobs", { body: `{"name":"\\"${"[".repeat(100)}` }, 400, "invalid-request"],
          ["/api/v1/jobs", { body: `{"__proto__":{"a":1},"start_time":null}` }, 400, "invalid-request"],
          ["/api/v1/auth/refresh", { body: many(70_000) }, 400, "bad-request"],
          ["/api/v1/auth/refresh", { body: many(1000) }, 400, "invalid-request"],
          ["/api/v1/auth/token", { form: JSON.parse(many(65)) }, 400, "bad-request"],
          ["/api/v1/auth/token", { form: JSON.parse(many(60)) }, 400, "invalid-request"]
        ] as const
        for (const [path, options, status, slug] of cases) {
          const answer = yield* ask(path, { token, ...options })
          assert.strictEqual(answer.status, status, `${path.slice(0, 40)} ${answer.text.slice(0, 200)}`)
          assert.include(answer.json, { type: `${problem}${slug}` })
          // However much was wrong.
          assert.isBelow(answer.text.length, 12_000)
        }
      })
    )

    it.effect("a path has one spelling: what the router would take for another is not there", () =>
      Effect.gen(function* () {
        for (const path of [
          "/api/v1/health/live;x=1",
          "/api/v1/health/live#x",
          "/api/v1/health/live#?x",
          "/api/v1//health/live",
          "//api/v1/health/live",
          "http://x//api/v1/health/live"
        ]) {
          const answer = yield* rawAnswer(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
          assert.match(answer, /^HTTP\/1.1 404 /u, path)
        }
        const asked = yield* rawAnswer(
          "GET /api/v1/health/live?a=;//# HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert.match(asked, /^HTTP\/1.1 (?:200|400) /u)
      })
    )

    it.effect("large bodies that do not end are bounded in sum, and keep no small one off", () =>
      Effect.gen(function* () {
        const { port } = new URL(yield* baseUrl)
        const begun = (length: number) =>
          `POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n{`
        const sockets = yield* Effect.acquireRelease(
          Effect.sync(() => Array.from({ length: 32 }, () => connect(Number(port), "127.0.0.1"))),
          (all) => Effect.sync(() => all.forEach((socket) => void socket.destroy()))
        )
        for (const socket of sockets) socket.write(begun(1_048_576))
        const large = { body: `{"name":"${"x".repeat(20_000)}"}` }
        const until = (status: number) =>
          ask("/api/v1/jobs", large).pipe(
            Effect.repeat({ until: (answer) => answer.status === status, times: 200 })
          )
        const refused = yield* until(503)
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(refused.headers.get("retry-after"), "1")
        assert.strictEqual((yield* ask("/api/v1/jobs", { body: {} })).status, 401)
        for (const socket of sockets) socket.destroy()
        assert.strictEqual((yield* until(401)).status, 401)
      }).pipe(Effect.scoped)
    )

    it.effect("what offers another protocol is a request like any other, with its body", () =>
      Effect.gen(function* () {
        for (const upgrade of ["h2c", "websocket"]) {
          const answer = yield* rawAnswer(
            `POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: ${upgrade}\r\n` +
              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 23\r\n\r\nusername=nil&password=x"
          )
          assert.match(answer, /^HTTP\/1.1 401 /u, upgrade)
          assert.include(answer, `${problem}invalid-credentials`)
        }
      })
    )

    it.effect("a body without a length is bounded, too", () =>
      Effect.gen(function* () {
        const token = yield* tokenFor("operator")
        const base = yield* baseUrl
        const piece = new TextEncoder().encode(`"${"x".repeat(100_000)}",`)
        const response = yield* Effect.promise(() =>
          fetch(`${base}/api/v1/jobs`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: ReadableStream.from(Array.from({ length: 20 }, () => piece)),
            duplex: "half"
          })
        )
        assert.strictEqual(response.status, 413)
        assert.include(yield* Effect.promise(() => response.text()), `${problem}body-too-large`)
      })
    )

    it.effect("what never becomes a request is told why, and let go of", () =>
      Effect.gen(function* () {
        const cases = [
          [
            `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`,
            "HTTP/1.1 431 ",
            "headers-too-large"
          ],
          ["GET / HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n", "HTTP/1.1 400 ", "bad-request"],
          [
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 400 ",
            "bad-request"
          ],
          ["nonsense\r\n\r\n", "HTTP/1.1 400 ", "bad-request"]
        ] as const
        for (const [bytes, status, slug] of cases) {
          const answer = yield* rawAnswer(bytes)
          assert.isTrue(answer.startsWith(status), answer.slice(0, 200))
          assert.include(answer, `${problem}${slug}`)
          assert.include(answer, "x-content-type-options: nosniff")
        }
      })
    )

    it.effect("no path leads out of what is served, and no header into another", () =>
      Effect.gen(function* () {
        for (const path of [
          "/../../etc/passwd",
          "/..%2f..%2fetc%2fpasswd",
          "/%2e%2e/%2e%2e/etc/passwd",
          "/assets/index.css/../../../package.json",
          "/api/v1/docs/..%5c..%5cpackage.json",
          "//etc/passwd",
          "/assets/index.css%00.js"
        ]) {
          assert.strictEqual(yield* getAsIs(path), path.includes("%00") ? 400 : 404, path)
        }
        const odd = yield* rawAnswer(
          "GET /api/v1/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: a\tb\r\n\r\n"
        )
        assert.match(odd, /x-request-id: [0-9a-f-]{36}\r\n/u)
      })
    )

    it.effect("what only reads cannot write, however deep the statement is buried", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const { run } = yield* ReadOnlySql
        const write = sql`INSERT INTO users (username, password_hash, role) VALUES ('x', 'x', 'viewer')`
        const refused = yield* Effect.flip(run(write))
        assert.include(String(refused.reason.cause), "read-only transaction")
        const [row] = yield* run(sql<{ readonly n: number }>`SELECT count(*)::int4 AS n FROM users`)
        const [same] = yield* sql<{ readonly n: number }>`SELECT count(*)::int4 AS n FROM users`
        assert.deepStrictEqual(row, same)
        yield* write
        yield* sql`DELETE FROM users WHERE username = 'x'`
      }).pipe(Effect.provide(ReadOnlySql.layer))
    )

    it.effect("a GET runs on a session that cannot write, a POST on one that can", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const token = yield* tokenFor("operator")
        // A trigger's way of writing while somebody reads: a view whose function writes.
        yield* sql`CREATE TABLE seen (at timestamptz)`
        yield* sql`CREATE FUNCTION note_read(id uuid) RETURNS uuid LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO seen VALUES (now()); RETURN id; END $$`
        yield* sql`ALTER TABLE job_failures RENAME TO job_failures_kept`
        yield* sql`CREATE VIEW job_failures AS SELECT f.id, note_read(f.job_id) AS job_id, f.epoch, f.code, f.message,
          f.position, f.failed_at FROM job_failures_kept f`
        const made = yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
        const id = String(member(made.json, "id"))
        yield* sql`INSERT INTO job_failures_kept (job_id, epoch, code, message) VALUES (${id}, 1, 'x', 'x')`
        const read = yield* ask(`/api/v1/jobs/${id}/failures`, { token })
        assert.strictEqual(read.status, 500)
        assert.notInclude(read.text, "read-only")
        assert.lengthOf(yield* sql`SELECT 1 AS one FROM seen`, 0)
      })
    )

    it.effect("an estimate runs on a session that cannot write, whichever way it is asked for", () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const token = yield* tokenFor("operator")
        yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
        yield* sql`UPDATE jobs SET status = 'cancelled'`
        yield* sql`CREATE TABLE estimated (query text)`
        yield* sql`CREATE FUNCTION note_estimate() RETURNS boolean LANGUAGE plpgsql AS
          $$ BEGIN INSERT INTO estimated VALUES (current_query()); RETURN true; END $$`
        yield* sql`ALTER TABLE jobs RENAME TO jobs_kept`
        yield* sql`CREATE VIEW jobs AS SELECT * FROM jobs_kept WHERE note_estimate()`
        const payload = { payload: { start_time: null } }
        const call = { _tag: "Request", id: "1", tag: "jobs.estimate", payload, headers: [] }
        const headers = { "content-type": "application/x-ndjson" }
        const answers = Effect.all([
          ask("/api/v1/jobs/estimate", { token, body: payload.payload }),
          ask("/rpc", { token, body: `${JSON.stringify(call)}\n`, headers })
        ])
        const [byHttp, byRpc] = yield* Effect.ensuring(
          answers,
          Effect.orDie(Effect.andThen(sql`DROP VIEW jobs`, sql`ALTER TABLE jobs_kept RENAME TO jobs`))
        )
        assert.isAtLeast(byHttp.status, 500)
        assert.include(byRpc.text, '"Failure"')
        // The look of each second that counts jobs by status may come meanwhile, on a session that can.
        assert.lengthOf(yield* sql`SELECT query FROM estimated WHERE query NOT LIKE '%GROUP BY status%'`, 0)
      })
    )

    it.effect("SQL in a filter is text", () =>
      Effect.gen(function* () {
        const token = yield* tokenFor("operator")
        const evil = encodeURIComponent("'; DROP TABLE jobs; --")
        for (const path of [
          `jobs?status=${evil}`,
          `jobs?cursor=${evil}`,
          `jobs?limit=${evil}`,
          `jobs/${evil}`,
          `jobs/${evil}/failures`,
          `events/recent?table=${evil}&key=${evil}&text=${evil}`
        ]) {
          const { status } = yield* ask(`/api/v1/${path}`, { token })
          assert.oneOf(status, [200, 400, 404], path)
        }
        const sorted = yield* ask(`/api/v1/jobs?sort=${evil}`, { token })
        assert.strictEqual(sorted.status, 400)
        assert.strictEqual((yield* ask("/api/v1/jobs", { token })).status, 200)
      })
    )
  }
)
