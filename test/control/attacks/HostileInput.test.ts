import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { OpenApi } from "effect/http-api"
import { IpNetwork } from "effect/net"
import { WalstreamApi } from "../../../src/control/api/WalstreamApi.ts"
import { tokenOnce } from "../ContractCases.ts"
import { apiLayer, ask, baseUrl } from "../TestApi.ts"
import { rawAnswer } from "./RawAnswer.ts"

interface Parameter {
  readonly name: string
  readonly in: string
}
interface Operation {
  readonly operationId: string
  readonly method: string
  readonly path: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly types: ReadonlyArray<string>
}

// The document is plain JSON, of the shape that the interface above names.
const document = JSON.parse(JSON.stringify(OpenApi.fromApi(WalstreamApi))) as {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly operationId: string
            readonly parameters?: ReadonlyArray<Parameter>
            readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
          }
        >
      >
    >
  >
}

const operations: ReadonlyArray<Operation> = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
    operationId,
    method: method.toUpperCase(),
    path,
    parameters,
    types: Object.keys(requestBody?.content ?? {})
  }))
)

/** What people have broken other servers with. */
const hostile = [
  "'; DROP TABLE jobs; --",
  "1) UNION SELECT username, password_hash FROM users --",
  "\\",
  "../../etc/passwd",
  "\u0000",
  "a\r\nSet-Cookie: evil=1",
  "\u001b[2J\u009b31m",
  "\ud800",
  "-1",
  "9".repeat(40),
  "__proto__",
  "x".repeat(5000)
]

const lines: Array<string> = []
const capture = Layer.provideMerge(
  Logger.layer([
    Logger.make<unknown, void>(({ fiber, message, logLevel }) => {
      lines.push(JSON.stringify([logLevel, String(message), fiber.getRef(References.CurrentLogAnnotations)]))
    })
  ])
)

/** Every answer is one that we meant to give, and tells nothing of the inside. */
const assertHarmless = (status: number, text: string, name: string) => {
  assert.isBelow(status, 500, `${name}: ${text.slice(0, 300)}`)
  assert.notMatch(text, /syntax error|pg_|SqlError|node_modules|password_hash"|\.ts:\d/u, name)
}

const proxies = [IpNetwork.fromStringUnsafe("127.0.0.0/8")]
let caller = 0
/** Who guesses has to wait: another address each time. */
const fromElsewhere = () => ({ "x-forwarded-for": `198.51.${(caller >> 8) & 255}.${caller++ & 255}` })

layer(capture(apiLayer("hostile", { trustedProxies: proxies })), {
  timeout: "60 seconds",
  excludeTestServices: true
})("hostile input", (it) => {
  const intact = Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const [row] = yield* sql<{
      readonly n: number
    }>`SELECT count(*)::int4 AS n FROM users WHERE role = 'admin'`
    assert.strictEqual(row?.n, 1)
    yield* sql`SELECT 1 AS one FROM jobs LIMIT 1`
    assert.deepStrictEqual(
      lines.filter((line) => line.includes("a request failed")),
      []
    )
  })

  it.effect(
    "in every parameter of every path and query is text, or refused",
    () =>
      Effect.gen(function* () {
        const token = yield* tokenOnce("admin")
        const attempts = operations.flatMap((operation) =>
          operation.parameters
            // A stream would not end.
            .filter(
              ({ in: place }) => place !== "header" && !/^events\.(?:ws|stream)$/u.test(operation.operationId)
            )
            .flatMap((parameter) => hostile.map((value) => ({ ...operation, ...parameter, value })))
        )
        assert.isAbove(attempts.length, 200)
        yield* Effect.forEach(
          attempts,
          Effect.fnUntraced(function* ({ operationId, method, path, name, in: place, value }) {
            const text = encodeURIComponent(value.toWellFormed())
            const filled = path
              .replaceAll(`{${name}}`, text)
              .replaceAll(/\{\w+\}/gu, "00000000-0000-4000-8000-000000000000")
            const answer = yield* ask(`${filled}${place === "query" ? `?${name}=${text}` : ""}`, {
              method,
              token,
              ...(method === "GET" ? {} : { body: {} })
            })
            assertHarmless(
              answer.status,
              answer.text,
              `${operationId} ${name}=${JSON.stringify(value.slice(0, 40))}`
            )
            assert.isNull(answer.headers.get("set-cookie"))
          }),
          { concurrency: 6, discard: true }
        )
        yield* intact
      }),
    120_000
  )

  it.effect("that is no text is refused, and never kept as another one", () =>
    Effect.gen(function* () {
      const base = yield* baseUrl
      const token = yield* tokenOnce("operator")
      const make = (name: string | Uint8Array) => {
        const body = Buffer.concat([
          Buffer.from('{"start_time":null,"name":"'),
          Buffer.from(name),
          Buffer.from('"}')
        ])
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
        return Effect.promise(() => fetch(`${base}/api/v1/jobs`, { method: "POST", headers, body }))
      }
      for (const name of [
        new Uint8Array([0x61, 0xff]),
        new Uint8Array([0xc3]),
        new Uint8Array([0xed, 0xa0, 0x80]),
        "\\ud800",
        "\\udc00x",
        "\\\\\\uD800\\u0041"
      ]) {
        assert.strictEqual((yield* make(name)).status, 400, String(name))
      }
      for (const name of ["\\ud83d\\ude00", "\u{1f600}", "\ufffd", "\\\\ud800"]) {
        assert.strictEqual((yield* make(name)).status, 201, name)
      }
    })
  )

  it.effect(
    "in every field of every body is text, or refused",
    () =>
      Effect.gen(function* () {
        const token = yield* tokenOnce("admin")
        const position = "0000000000000200-0000000001"
        const made = yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
        const { id }: { id: string } = JSON.parse(made.text)
        const sql = yield* PgClient.PgClient
        yield* sql`UPDATE jobs SET status = 'failed', completed_at = now(), error_code = 'rejected',
        error_message = 'said why', error_position = ${position} WHERE id = ${id}`
        for (const value of hostile) {
          const bodies = [
            ["jobs", { start_time: null, name: value }],
            ["jobs", { start_time: null, target: value }],
            ["jobs", { start_time: null, tables: [`public.${value}`] }],
            ["jobs", { start_time: null, [value]: value }],
            ["jobs", { start_time: value }],
            ["jobs", { start_lsn: value }],
            ["jobs", { last: value }],
            ["jobs", { start_time: null, speed_factor: value }],
            ["jobs/estimate", { start_time: null, tables: [`public.${value}`] }],
            [`jobs/${id}`, { name: value }],
            [`jobs/${id}/skip`, { position: value, reason: "x" }],
            [`jobs/${id}/skip`, { position, reason: value }],
            ["system/source/accept-gap", { gap: value, reason: value }]
          ] as const
          yield* Effect.forEach(
            bodies,
            Effect.fnUntraced(function* ([path, body]) {
              const method = path === `jobs/${id}` ? "PATCH" : "POST"
              const answer = yield* ask(`/api/v1/${path}`, { token, method, body })
              assertHarmless(answer.status, answer.text, `${path} ${JSON.stringify(body).slice(0, 100)}`)
            }),
            { concurrency: 6, discard: true }
          )
          const form = { username: value, password: value }
          const login = yield* ask("/api/v1/auth/token", { form, headers: fromElsewhere() })
          assertHarmless(login.status, login.text, `login as ${JSON.stringify(value.slice(0, 40))}`)
        }
        yield* intact
      }),
    120_000
  )

  it.effect("is neither in a header of an answer nor breaks a line of the log or the audit log", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      const forged = "x\r\nlevel=INFO a login was accepted\u001b[1A"
      yield* ask("/api/v1/jobs", { token, body: { start_time: null, name: forged } })
      yield* ask("/api/v1/auth/token", {
        form: { username: forged, password: "x" },
        headers: fromElsewhere()
      })
      yield* ask(`/api/v1/jobs/${encodeURIComponent(forged)}`, { token, method: "DELETE" })
      const answer = yield* rawAnswer(
        `GET /api/v1/none%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: a\u0001b\r\n` +
          "Traceparent: 00-x\r\nUser-Agent: x%0d%0aY\r\n\r\n"
      )
      assert.notMatch(answer, /^set-cookie/imu)
      assert.notInclude(lines.join("\n"), "\u001b")
      assert.isFalse(lines.some((line) => line.includes("accepted")))
      const audited = yield* ask("/api/v1/audit/export.ndjson", { token })
      for (const line of audited.text.trimEnd().split("\n")) {
        const { actor, target, request_id: id } = JSON.parse(line)
        for (const text of [actor, target, id]) assert.notMatch(text ?? "", /\p{Cc}/u)
      }
    })
  )

  it.effect("of another content type, or none, or packed, is refused and never unpacked", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      const base = yield* baseUrl
      const withBody = operations.filter(({ types }) => types.length > 0)
      assert.isAbove(withBody.length, 4)
      for (const { operationId, method, path } of withBody) {
        const url = `${base}${path.replaceAll(/\{\w+\}/gu, "00000000-0000-4000-8000-000000000000")}`
        for (const type of [
          "text/plain",
          "text/html",
          "multipart/form-data; boundary=x",
          "application/xml",
          "application/json; charset=utf-16",
          "application/json-patch+json",
          "APPLICATION/JSON",
          ";",
          "x".repeat(500)
        ]) {
          const response = yield* Effect.promise(() =>
            fetch(url, {
              method,
              headers: { authorization: `Bearer ${token}`, "content-type": type, ...fromElsewhere() },
              body: '{"a":"<x>"}'
            })
          )
          const text = yield* Effect.promise(() => response.text())
          assertHarmless(response.status, text, `${operationId} ${type}`)
          assert.oneOf(response.status, [400, 404, 415, 422], `${operationId} ${type}`)
        }
        const packed = yield* Effect.promise(() =>
          fetch(url, {
            method,
            headers: {
              authorization: `Bearer ${token}`,
              "content-type": "application/json",
              "content-encoding": "gzip",
              ...fromElsewhere()
            },
            body: new Uint8Array([31, 139, 8, 0, 0, 0, 0, 0])
          })
        )
        assert.oneOf(packed.status, [400, 404, 415], operationId)
      }
    })
  )

  it.effect("nested without end is refused before it is taken apart, whatever it says it is", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`
      const objects = `${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}`
      for (const body of [deep, objects]) {
        for (const path of ["/api/v1/jobs", "/rpc"]) {
          for (const type of ["application/json", "Application/JSON", "application/ndjson", "text/x"]) {
            const answer = yield* ask(path, { token, body, headers: { "content-type": type } })
            assertHarmless(answer.status, answer.text, `${path} ${type}`)
            assert.oneOf(answer.status, [400, 413, 415], `${path} ${type}`)
          }
        }
      }
    })
  )

  it.effect("in calls of /rpc is refused, and the next call is answered", () =>
    Effect.gen(function* () {
      const token = yield* tokenOnce("admin")
      const call = (tag: string, payload: unknown) =>
        `${JSON.stringify({ _tag: "Request", id: "1", tag, payload, headers: [] })}\n`
      for (const body of [
        "",
        "nonsense\n",
        "{}\n",
        "[1,2\n",
        call("no.such", {}),
        call("__proto__", {}),
        call("jobs.get", { params: { id: "'; DROP TABLE jobs; --" } }),
        call("jobs.get", { params: { id: "\u0000" } }),
        `{"_tag":"Request","id":"1","tag":"jobs.get","payload":{"__proto__":{"params":{"id":"x"}}},"headers":[]}\n`,
        call("jobs.create", { payload: { start_time: null, name: "\u0000" } }),
        call("jobs.list", { query: { cursor: "'", limit: 1e9 } }),
        call("jobs.get", null),
        `{"_tag":"Request","id":${"9".repeat(400)},"tag":"jobs.get","payload":{},"headers":[["authorization","Bearer x"]]}\n`,
        call("jobs.get", {}).repeat(50),
        call("events.stream", { filter: {} }).repeat(2)
      ]) {
        const answer = yield* ask("/rpc", { token, body, headers: { "content-type": "application/ndjson" } })
        assertHarmless(answer.status, answer.text, body.slice(0, 100))
      }
      const sql = yield* PgClient.PgClient
      yield* Effect.acquireUseRelease(
        sql`ALTER TABLE job_failures RENAME TO job_failures_away`,
        () =>
          Effect.gen(function* () {
            const [job] = yield* sql<{ readonly id: string }>`SELECT id::text FROM jobs LIMIT 1`
            const body = call("jobs.failures", { params: { id: job?.id }, query: {} })
            const broken = yield* ask("/rpc", {
              token,
              body,
              headers: { "content-type": "application/ndjson" }
            })
            assert.include(broken.text, "something went wrong inside; request id ")
            assert.notInclude(broken.text, "job_failures")
            assert.isTrue(lines.some((line) => line.includes("a call failed")))
          }),
        () => sql`ALTER TABLE job_failures_away RENAME TO job_failures`
      )
      const good = yield* ask("/rpc", {
        token,
        body: call("system.targets", null),
        headers: { "content-type": "application/ndjson" }
      })
      assert.include(good.text, '"default"')
      yield* intact
    })
  )

  it.effect("in addresses and methods leads nowhere", () =>
    Effect.gen(function* () {
      const request = (line: string, headers = "") =>
        rawAnswer(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)
      for (const path of [
        "/assets/../../package.json",
        "/assets/..%2f..%2fpackage.json",
        "/assets/%2e%2e/%2e%2e/package.json",
        "/assets/..%5c..%5cpackage.json",
        "/assets/%252e%252e%252fpackage.json",
        "/assets//etc/passwd",
        "/assets/index.html%00.js",
        "/%c0%ae%c0%ae/etc/passwd",
        "/%",
        "/assets/%",
        "/api/v1/jobs/%",
        "/api/v1/jobs/%ff",
        "/api/v1/audit/%2e%2e/%2e%2e/etc/passwd"
      ]) {
        const answer = yield* request(`GET ${path}`, "Accept: */*\r\n")
        assert.match(answer, /^HTTP\/1\.1 4\d\d /u, path)
        assert.notMatch(answer, /"dependencies"|root:x:/u, path)
      }
      assert.match(yield* request("GET http://evil.example/api/v1/jobs"), /^HTTP\/1\.1 4\d\d /u)
      for (const method of ["TRACE", "PUT", "PROPFIND", "LOCK"]) {
        const answer = yield* request(`${method} /api/v1/jobs`, "X-Secret: mirrored\r\n")
        assert.match(answer, /^HTTP\/1\.1 4\d\d /u, method)
        assert.notInclude(answer, "mirrored")
      }
      const overridden = yield* request("GET /api/v1/jobs", "X-HTTP-Method-Override: DELETE\r\n")
      assert.match(overridden, /^HTTP\/1\.1 401 /u)
      const host = yield* rawAnswer("GET /none HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
      assert.notInclude(host, "evil.example")
    })
  )
})
