import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Schedule, Scope } from "effect"
import { HttpServer } from "effect/http"
import { Authorized } from "../../src/control/api/Principal.ts"
import { accessOf, routeRoles } from "../../src/control/api/RouteRoles.ts"
import { WalstreamApi } from "../../src/control/api/WalstreamApi.ts"
import { layerControlServer } from "../../src/control/ControlServer.ts"
import { CoverageNotes } from "../../src/control/CoverageNotes.ts"
import { LogError } from "../../src/log/LogError.ts"
import {
  apiLayer,
  ask,
  baseUrl,
  bufferFails,
  member,
  testHistory,
  testSecret,
  tokenFor,
  trouble
} from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"

interface Operation {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly secured: boolean
}

const operations: ReadonlyArray<Operation> = Object.values(WalstreamApi.groups).flatMap((group) =>
  Object.values(group.endpoints).map((endpoint) => ({
    name: `${group.identifier}.${endpoint.identifier}`,
    method: endpoint.method,
    path: endpoint.path,
    secured: [...endpoint.middlewares].some((middleware) => middleware.key === Authorized.key)
  }))
)

layer(apiLayer("server"), { timeout: "60 seconds", excludeTestServices: true })("ControlServer", (it) => {
  it("has every route of the contract in the table of roles, and nothing else", () => {
    assert.sameMembers(
      Object.keys(routeRoles),
      operations.map((operation) => operation.name)
    )
    for (const { name, secured } of operations) {
      assert.strictEqual(secured, accessOf(name)?.role !== "public", name)
    }
  })

  it.effect("answers every error as a problem that names the request", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const cases = [
        ["/api/v1/nothing", {}, 404, "not-found"],
        ["/api/v1/jobs", { method: "PUT", token }, 405, "method-not-allowed"],
        ["/", { method: "POST" }, 405, "method-not-allowed"],
        ["/api/v1/jobs", {}, 401, "unauthorized"],
        ["/api/v1/jobs", { token: "a.b.c" }, 401, "unauthorized"],
        ["/api/v1/jobs", { token, body: "{" }, 400, "invalid-request"],
        ["/api/v1/jobs", { token, form: { a: "b" } }, 415, "unsupported-content-type"],
        ["/api/v1/jobs", { token, body: { name: "x".repeat(1_100_000) } }, 413, "body-too-large"],
        ["/api/v1/jobs/none", { token }, 404, "job-not-found"],
        ["/api/v1/jobs?limit=0", { token }, 400, "invalid-request"],
        ["/api/v1/jobs?colour=red", { token }, 400, "invalid-request"],
        ["/api/v1/jobs?cursor=abc", { token }, 400, "invalid-request"],
        ["/api/v1/%E0%A4%A", {}, 404, "not-found"]
      ] as const
      for (const [path, options, status, slug] of cases) {
        const answer = yield* ask(path, { ...options, headers: { "x-request-id": "mine-1" } })
        assert.strictEqual(answer.status, status, path)
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json", path)
        assert.include(answer.json, { type: `${problem}${slug}`, status, request_id: "mine-1" })
        assert.strictEqual(member(answer.json, "instance"), path.split("?")[0])
        assert.strictEqual(answer.headers.get("x-request-id"), "mine-1")
      }
      const wrongMethod = yield* ask("/api/v1/jobs", { method: "DELETE" })
      assert.strictEqual(wrongMethod.headers.get("allow"), "GET, POST")
      const odd = yield* ask("/api/v1/health/live", { headers: { "x-request-id": 'a"b<script>' } })
      assert.match(odd.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/u)
    })
  )

  it.effect("names every wrong field of a new job", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const wrong = {
        start_time: "yesterday",
        end_lsn: "zzz",
        speed_factor: 200,
        tables: ["public.orders", "orders"],
        operations: ["upsert"],
        max_gap_seconds: -1,
        name: "",
        dedupe: "never",
        follow: "yes",
        colour: "red"
      }
      const answer = yield* ask("/api/v1/jobs", { token, body: wrong })
      assert.strictEqual(answer.status, 400)
      const errors = member(answer.json, "errors")
      assert.isArray(errors)
      const paths = (Array.isArray(errors) ? errors : []).map((error) => member(error, "path"))
      assert.sameMembers(paths, [
        "start_time",
        "end_lsn",
        "speed_factor",
        "tables.1",
        "operations.0",
        "max_gap_seconds",
        "name",
        "dedupe",
        "follow",
        "colour"
      ])
      for (const [body, path] of [
        [{}, "start_time"],
        [{ start_time: "2026-01-02T00:00:00Z", end_time: "2026-01-01T00:00:00Z" }, "end_time"],
        [{ start_lsn: "0/2", end_lsn: "0/1" }, "end_lsn"],
        [{ start_time: null, end_lsn: "0/1", follow: true }, "follow"],
        [{ start_time: null, target: "elsewhere" }, "target"]
      ] as const) {
        const { status, text } = yield* ask("/api/v1/jobs", { token, body })
        assert.strictEqual(status, 400)
        assert.include(text, `"path":"${path}"`)
      }
    })
  )

  it.effect("takes a job through its life", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const made = yield* ask("/api/v1/jobs", {
        token,
        body: {
          name: "replay of the morning",
          start_time: "2026-01-02T03:04:05.123456+01:00",
          speed_factor: "max",
          tables: ["public.orders"],
          operations: ["insert"],
          target: "second",
          max_gap_seconds: 2.5
        }
      })
      assert.strictEqual(made.status, 201)
      assert.include(made.json, {
        status: "pending",
        start_time: "2026-01-02T02:04:05.123456Z",
        end_time: null,
        speed_factor: "max",
        target: "second",
        dedupe: "target",
        on_mismatch: "converge",
        replay_source: null,
        events_processed: 0,
        lease_epoch: 0,
        error: null,
        version: 1
      })
      const job = `/api/v1/jobs/${member(made.json, "id")}`
      const start = yield* ask(`${job}/start`, { method: "POST", token })
      assert.strictEqual(start.status, 202)
      assert.include(start.json, { status: "queued" })
      assert.strictEqual((yield* ask(`${job}/start`, { method: "POST", token })).status, 200)
      const refused = yield* ask(`${job}/resume`, { method: "POST", token })
      assert.strictEqual(refused.status, 200) // it is where resume leads
      const kept = yield* ask(job, { method: "DELETE", token })
      assert.strictEqual(kept.status, 409)
      assert.deepInclude(kept.json, { from: "queued", action: "delete", allowed: ["pause", "cancel"] })
      const faster = yield* ask(job, { method: "PATCH", token, body: { speed_factor: 10, name: null } })
      assert.include(faster.json, { speed_factor: 10, name: null, version: 3 })
      assert.include((yield* ask(`${job}/pause`, { method: "POST", token })).json, { status: "paused" })
      assert.include((yield* ask(`${job}/cancel`, { method: "POST", token })).json, { status: "cancelled" })
      const final = yield* ask(`${job}/start`, { method: "POST", token })
      assert.strictEqual(final.status, 409)
      assert.deepInclude(final.json, { from: "cancelled", action: "start", allowed: [] })

      const listed = yield* ask("/api/v1/jobs?status=cancelled,paused&limit=1", { token })
      assert.strictEqual(listed.status, 200)
      assert.include(listed.text, String(member(made.json, "id")))
      assert.strictEqual((yield* ask(job, { method: "DELETE", token })).status, 204)
      assert.strictEqual((yield* ask(job, { token })).status, 404)
    })
  )

  it.effect("filters recent events by table, operation, key and text", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const found = Effect.fnUntraced(function* (query: string) {
        const { json, status } = yield* ask(`/api/v1/events/recent?${query}`, { token })
        assert.strictEqual(status, 200)
        const items = member(json, "items")
        return (Array.isArray(items) ? items : []).map(
          (event) => `${member(event, "seq")}:${member(event, "ordinal")} ${member(event, "operation")}`
        )
      })
      const all = ["3:0 truncate", "2:1 delete", "2:0 update", "1:0 insert"]
      assert.deepStrictEqual(yield* found(""), all)
      assert.deepStrictEqual(yield* found("limit=2"), all.slice(0, 2))
      assert.deepStrictEqual(yield* found("table=public.orders"), [
        "3:0 truncate",
        "2:0 update",
        "1:0 insert"
      ])
      assert.deepStrictEqual(yield* found("table=stock"), ["3:0 truncate", "2:1 delete"])
      assert.deepStrictEqual(yield* found("table=depot.orders"), [])
      assert.deepStrictEqual(yield* found("operation=delete"), ["2:1 delete"])
      assert.deepStrictEqual(yield* found("key=7"), ["2:0 update", "1:0 insert"])
      assert.deepStrictEqual(yield* found("text=GEL%C3%96SCHT"), ["2:0 update"])
      assert.deepStrictEqual(yield* found("text=note&operation=insert"), ["1:0 insert"])
    })
  )

  it.effect("tells what runs and what is held", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const live = yield* ask("/api/v1/health/live")
      assert.deepStrictEqual(live.json, { status: "ok" })
      const ready = yield* ask("/api/v1/health/ready")
      assert.strictEqual(ready.status, 200)
      assert.deepStrictEqual(ready.json, {
        status: "ok",
        draining: false,
        postgres: "up",
        redis: "embedded",
        kafka: "embedded",
        components: {
          postgres: { status: "up", kind: "postgres", required: true, reason: null },
          redis: { status: "up", kind: "memory", required: false, reason: null },
          kafka: { status: "up", kind: "sqlite", required: true, reason: null },
          capture: { status: "up", kind: "pgoutput", required: true, reason: null, state: "capturing" }
        }
      })
      assert.include((yield* ask("/api/v1/system/source", { token })).json, { source: "shop", demo: true })
      assert.include((yield* ask("/api/v1/system/actors", { token })).text, "/job-store/session")
      assert.include((yield* ask("/api/v1/system/coverage", { token })).text, '"next_seq":4')
      assert.include((yield* ask("/api/v1/events/stream/stats", { token })).json, {
        store: "memory",
        changes: 4
      })
      assert.deepStrictEqual((yield* ask("/api/v1/system/targets", { token })).json, {
        items: [{ name: "default" }, { name: "second" }]
      })
    })
  )

  it.effect("is not ready while capture is not, and says why without names", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const cases = [
        ["attaching", null, "capture is attaching"],
        ["blocked", "no_room", "capture waits: no_room"],
        ["retrying", "unreachable", "capture tries again: unreachable"],
        ["stopped", "slot_lost", "capture has stopped: slot_lost"]
      ] as const
      for (const [phase, code, reason] of cases) {
        trouble.current = { phase, code, message: "source shop at db.internal: away", fix: "start it" }
        const ready = yield* ask("/api/v1/health/ready")
        assert.strictEqual(ready.status, 503, phase)
        assert.include(ready.json, { status: "unavailable", postgres: "up" })
        const capture = member(member(ready.json, "components"), "capture")
        assert.include(capture, { status: "down", state: phase, required: true })
        assert.include(String(member(capture, "reason")), reason)
        assert.notInclude(ready.text, "db.internal")
        assert.strictEqual((yield* ask("/api/v1/health/live")).status, 200)
      }
      const doctor = yield* ask("/api/v1/system/doctor", { token })
      assert.strictEqual(doctor.status, 200)
      assert.include(doctor.json, { healthy: false })
      assert.include(doctor.text, "capture is stopped: source shop at db.internal: away")
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          trouble.current = {}
        })
      )
    )
  )

  it.effect("tells the archive's coverage while the live buffer is away, and that it is", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const held = Effect.map(ask("/api/v1/system/coverage", { token }), ({ json }) => json)
      assert.nestedPropertyVal(yield* held, "live_buffer.reason", null)
      bufferFails.current = new LogError({
        store: "redis buffer",
        reason: { _tag: "Unavailable", detail: "away" }
      })
      const away = yield* Effect.ensuring(
        held,
        Effect.sync(() => {
          bufferFails.current = null
        })
      )
      assert.nestedPropertyVal(away, "archive.coverage.next_seq", 4)
      assert.nestedPropertyVal(away, "live_buffer.reason", "the redis buffer does not answer")
      assert.nestedPropertyVal(away, "live_buffer.coverage.first_seq", 4)
      assert.nestedPropertyVal(away, "live_buffer.coverage.next_seq", 4)
    })
  )

  it.effect("shows the holes of late tables in coverage, and warns a job that reaches into one", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const notes = yield* CoverageNotes
      const late = {
        table: "public.late",
        captured: "all",
        commitLsn: 512n,
        commitTime: 1_767_323_045_000_002,
        seq: 2
      } as const
      yield* notes.note(testHistory, [late], 3)
      const warnings = yield* ask("/api/v1/jobs", { token, body: { start_time: null } }).pipe(
        Effect.map((made) => member(made.json, "warnings")),
        Effect.filterOrFail((found) => JSON.stringify(found) !== "[]"),
        Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 50 })
      )
      assert.include(
        JSON.stringify(warnings),
        "public.late joined the history at 2026-01-02T03:04:05.000002Z"
      )
      const coverage = yield* ask("/api/v1/system/coverage", { token })
      assert.deepStrictEqual(member(coverage.json, "holes"), [
        {
          table: "public.late",
          missing: "changes",
          from: null,
          until: { seq: 2, lsn: "0/200", time: "2026-01-02T03:04:05.000002Z" }
        }
      ])
      const after = { start_time: "2026-01-02T03:04:05.000002Z" }
      const others = { start_time: null, tables: ["public.orders"] }
      for (const body of [after, others]) {
        const made = yield* ask("/api/v1/jobs", { token, body })
        assert.deepInclude(made.json, { live: null, warnings: [] })
      }
    }).pipe(Effect.provide(CoverageNotes.layer))
  )

  it.effect("serves its contract and pages, which run nothing inline and load nothing from elsewhere", () =>
    Effect.gen(function* () {
      const openapi = yield* ask("/api/v1/openapi.json")
      assert.strictEqual(member(openapi.json, "openapi"), "3.1.0")
      assert.include(openapi.text, '"name":"limit","in":"query","schema":{"type":"integer","minimum":1}')
      for (const [, name = ""] of openapi.text.matchAll(/#\/components\/schemas\/(\w+)/gu)) {
        assert.include(openapi.text, `"${name}":{`)
        assert.notMatch(name, /Encoded$/u)
      }
      for (const name of openapi.text.matchAll(/"properties":\{([^}]*)\}/gu)) {
        assert.notMatch(name[1] ?? "", /"[a-z]+[A-Z][A-Za-z]*":\{/u) // snake_case only
      }
      for (const path of ["/", "/api/v1/docs"]) {
        const page = yield* ask(path)
        assert.strictEqual(page.status, 200)
        assert.include(page.headers.get("content-security-policy"), "script-src 'self';")
        assert.notMatch(page.text, /<script>|https?:\/\/|\son[a-z]+=/u)
        for (const [, source] of page.text.matchAll(/(?:src|href)="(\/[^"]*)"/gu)) {
          assert.strictEqual((yield* ask(source ?? "")).status, 200, source)
        }
      }
    })
  )

  it.effect("a taken port is one clear message with the way out", () =>
    Effect.gen(function* () {
      const port = Number(new URL(yield* baseUrl).port)
      const scope = yield* Scope.make()
      const second = layerControlServer({
        host: "127.0.0.1",
        port,
        tokens: { secret: testSecret, seconds: 60 }
      })
      const refused = yield* Effect.flip(Layer.buildWithScope(Layer.fresh(second), scope))
      assert.strictEqual(
        refused.message,
        `port ${port} is in use: stop the program that has it, or set HTTP_PORT to a free one`
      )
      yield* Scope.close(scope, Exit.void)
      assert.isDefined(yield* HttpServer.HttpServer)
    })
  )
})
