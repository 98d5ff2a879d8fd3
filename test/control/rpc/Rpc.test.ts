import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { RpcClient } from "effect/rpc"
import type { Role } from "../../../src/control/api/Role.ts"
import { roles } from "../../../src/control/api/Role.ts"
import { routeRoles } from "../../../src/control/api/RouteRoles.ts"
import { rpcPath, rpcSerialization } from "../../../src/control/rpc/RpcWire.ts"
import { WalstreamRpc, type Watched } from "../../../src/control/rpc/WalstreamRpc.ts"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { until } from "../../faults/Scene.ts"
import { makeCapture, memoryBuffer } from "../live/LiveScene.ts"
import { apiLayer, ask, baseUrl, chunks, member, storesFail, testSecret, tokenFor } from "../TestApi.ts"

/** The calls as whoever has this token. Ends with the scope. */
const clientOf = Effect.fnUntraced(function* (token: string) {
  const url = yield* baseUrl
  return yield* RpcClient.make(WalstreamRpc).pipe(
    Effect.provide(
      RpcClient.layerProtocolHttp({
        url: `${url}${rpcPath}`,
        transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
      }).pipe(Layer.provide([rpcSerialization, FetchHttpClient.layer]))
    )
  )
})

const clientAs = (role: Role) => Effect.flatMap(tokenFor(role), clientOf)

const nobody = "00000000-0000-4000-8000-000000000000"
const params = { id: nobody }

/** Every call, with something that is refused only by who asks, or fails behind that. */
const callsOf = (client: Effect.Success<ReturnType<typeof clientOf>>) => ({
  "jobs.create": client["jobs.create"]({ payload: { start_time: null } }),
  "jobs.estimate": client["jobs.estimate"]({ payload: { last: "15m" } }),
  "jobs.list": client["jobs.list"]({ query: {} }),
  "jobs.get": client["jobs.get"]({ params }),
  "jobs.update": client["jobs.update"]({ params, payload: { name: "x" } }),
  "jobs.remove": client["jobs.remove"]({ params }),
  "jobs.start": client["jobs.start"]({ params }),
  "jobs.pause": client["jobs.pause"]({ params }),
  "jobs.resume": client["jobs.resume"]({ params }),
  "jobs.cancel": client["jobs.cancel"]({ params }),
  "jobs.failures": client["jobs.failures"]({ params, query: {} }),
  "jobs.history": client["jobs.history"]({ params, query: {} }),
  "jobs.skip": client["jobs.skip"]({
    params,
    payload: { position: "0000000000000200-0000000001", reason: "x" }
  }),
  "events.recent": client["events.recent"]({ query: { limit: 1 } }),
  "events.stream": Stream.runDrain(client["events.stream"]({ filter: {}, after: "nothing" })),
  "system.source": client["system.source"](),
  "system.acceptGap": client["system.acceptGap"]({ payload: { gap: "g", reason: "x" } }),
  "system.coverage": client["system.coverage"](),
  "system.metrics": client["system.metrics"](),
  "system.actors": client["system.actors"](),
  "system.doctor": client["system.doctor"](),
  "system.targets": client["system.targets"](),
  "users.list": client["users.list"]({ query: {} }),
  "users.create": client["users.create"]({ payload: { username: "made-by-rpc", role: "viewer" } }),
  "users.resetPassword": client["users.resetPassword"]({ params: { id: "nobody" } }),
  "users.removeSecondFactor": client["users.removeSecondFactor"]({ params: { id: "nobody" } }),
  "audit.list": client["audit.list"]({ query: {} }),
  "audit.verify": client["audit.verify"]({ query: {} }),
  "audit.exportNdjson": Stream.runDrain(client["audit.exportNdjson"]({ query: {} }))
})

const tagOf = (effect: Effect.Effect<unknown, { readonly _tag: string }>) =>
  Effect.match(effect, { onFailure: ({ _tag }) => _tag, onSuccess: () => "done" })

layer(apiLayer("rpc", { tokens: { secret: testSecret, seconds: 600 } }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("/rpc", (it) => {
  it.effect("every call goes by the table of roles that HTTP goes by", () =>
    Effect.gen(function* () {
      yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
      const table = new Map(Object.entries(routeRoles))
      const names = [...WalstreamRpc.requests.keys()]
      for (const role of roles) {
        const calls = callsOf(yield* clientAs(role))
        assert.sameMembers(Object.keys(calls), names)
        for (const [name, call] of Object.entries(calls)) {
          const required = table.get(name)?.role
          if (required === undefined || required === "public") return assert.fail(`${name} has no role`)
          const tag = yield* tagOf(call)
          const isAllowed = roles.indexOf(required) <= roles.indexOf(role)
          assert.strictEqual(tag === "Forbidden", !isAllowed, `${name} by ${role}: ${tag}`)
        }
      }
      for (const token of ["", "a.b.c"]) {
        for (const [name, call] of Object.entries(callsOf(yield* clientOf(token)))) {
          assert.strictEqual(yield* tagOf(call), "Unauthorized", name)
        }
      }
    }).pipe(Effect.scoped)
  )

  it.effect("does with jobs what HTTP does, and says what is wrong in the same words", () =>
    Effect.gen(function* () {
      const client = yield* clientAs("operator")
      const token = yield* tokenFor("operator")
      const made = yield* client["jobs.create"]({ payload: { start_time: null, name: "by rpc" } })
      const byHttp = yield* ask(`/api/v1/jobs/${made.id}`, { token })
      assert.deepStrictEqual(JSON.parse(byHttp.text), JSON.parse(JSON.stringify(made)))
      const job = { params: { id: made.id } }
      assert.strictEqual((yield* client["jobs.start"](job)).status, "queued")
      const refused = yield* Effect.flip(client["jobs.remove"](job))
      assert.deepInclude(refused, { _tag: "TransitionRefused", from: "queued", action: "delete" })
      const changed = yield* client["jobs.update"]({ ...job, payload: { speed_factor: "max" } })
      assert.strictEqual(changed.speed_factor, "max")
      yield* client["jobs.cancel"](job)
      yield* client["jobs.remove"](job)
      const missing = yield* Effect.flip(client["jobs.get"](job))
      assert.deepInclude(missing, { _tag: "JobMissing", status: 404 })
      const target = yield* Effect.flip(
        client["jobs.create"]({ payload: { start_time: null, target: "nowhere" } })
      )
      assert.deepInclude(target, {
        _tag: "InvalidRequest",
        errors: [{ path: "target", message: "there is no target of this name; known: default, second" }]
      })
    }).pipe(Effect.scoped)
  )

  it.effect("a message's own headers say nothing, and nothing but lines of JSON is taken", () =>
    Effect.gen(function* () {
      const admin = yield* tokenFor("admin")
      const headers = [["authorization", `Bearer ${admin}`]]
      const message = { _tag: "Request", id: "1", tag: "audit.verify", payload: { query: {} }, headers }
      const call = (token: string | undefined, contentType: string) =>
        ask("/rpc", { token, body: `${JSON.stringify(message)}\n`, headers: { "content-type": contentType } })
      assert.include((yield* call(admin, "application/ndjson")).text, '"Success"')
      const viewer = yield* call(yield* tokenFor("viewer"), "application/x-ndjson; charset=utf-8")
      assert.include(viewer.text, "problems/forbidden")
      assert.include((yield* call(undefined, "application/ndjson")).text, "problems/unauthorized")
      for (const type of ["text/plain", "application/json", "application/ndjsonx"]) {
        assert.strictEqual((yield* call(admin, type)).status, 415, type)
      }
    })
  )

  it.effect("refuses what HTTP refuses, by field, once it is known who asks, and that is on record", () =>
    Effect.gen(function* () {
      const send = (token: string | undefined, body: string) =>
        ask("/rpc", { token, body, headers: { "content-type": "application/ndjson" } })
      const create = (payload: unknown) =>
        `${JSON.stringify({ _tag: "Request", id: "1", tag: "jobs.create", payload, headers: [] })}\n`
      const token = yield* tokenFor("operator")
      const typo = { start_time: null, end_tiem: "2026-01-01T00:00:00Z" }
      const byHttp = yield* ask("/api/v1/jobs", { token, body: typo })
      const refused = yield* send(token, create({ payload: typo }))
      const [reason] = JSON.parse(refused.text).exit.cause
      assert.strictEqual(byHttp.status, 400)
      assert.deepStrictEqual(reason.error.errors, member(byHttp.json, "errors"))
      assert.strictEqual(reason.error.detail, member(byHttp.json, "detail"))
      for (const payload of [null, {}, { payload: { start_time: 7 } }, { payload: {}, more: 1 }]) {
        assert.include((yield* send(token, create(payload))).text, "problems/invalid-request")
      }
      assert.include((yield* send(undefined, create(null))).text, "problems/unauthorized")
      for (const body of [
        "garbage",
        "garbage\n",
        "{}\n",
        create(null).trimEnd(),
        create(null).replace("create", "no")
      ]) {
        assert.strictEqual((yield* send(token, body)).status, 400, body)
      }
      const admin = yield* clientAs("admin")
      const [line] = yield* admin["audit.list"]({
        query: { action: "jobs.create", outcome: "refused" }
      }).pipe(
        Effect.map(({ items }) => items.filter(({ door, status }) => door === "rpc" && status === 400)),
        Effect.repeat({ until: (found) => found.length > 0 }),
        Effect.timeout("10 seconds")
      )
      assert.strictEqual(line?.actor, "test-operator")
    }).pipe(Effect.scoped)
  )

  it.effect("is on record as HTTP is", () =>
    Effect.gen(function* () {
      const client = yield* clientAs("operator")
      const made = yield* client["jobs.create"]({ payload: { start_time: null } })
      yield* Effect.flip(client["jobs.pause"]({ params: { id: made.id } }))
      yield* Effect.flip((yield* clientAs("viewer"))["jobs.start"]({ params: { id: made.id } }))
      const admin = yield* clientAs("admin")
      const lines = yield* admin["audit.list"]({ query: { target: made.id } }).pipe(
        Effect.map(({ items }) => items),
        Effect.repeat({ until: (found) => found.length >= 3 }),
        Effect.timeout("10 seconds")
      )
      const said = lines.map(({ actor, action, outcome, status, door }) => [
        actor,
        action,
        outcome,
        status,
        door
      ])
      assert.sameDeepMembers(said, [
        ["test-viewer", "jobs.start", "refused", 403, "rpc"],
        ["test-operator", "jobs.pause", "refused", 409, "rpc"],
        ["test-operator", "jobs.create", "done", 200, "rpc"]
      ])
      const create = lines.find(({ action }) => action === "jobs.create")
      assert.strictEqual(create?.address, "127.0.0.1")
      assert.isNotNull(create?.request_id)
    }).pipe(Effect.scoped)
  )

  it.effect("what only reads cannot write, and an outage is told", () =>
    Effect.gen(function* () {
      const client = yield* clientAs("viewer")
      storesFail.current = null
      assert.strictEqual(yield* tagOf(client["system.coverage"]()), "done")
      const { LogError } = yield* Effect.promise(() => import("../../../src/log/LogError.ts"))
      storesFail.current = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "away" } })
      assert.strictEqual(yield* tagOf(client["system.coverage"]()), "Unavailable")
    }).pipe(
      Effect.scoped,
      Effect.ensuring(
        Effect.sync(() => {
          storesFail.current = null
        })
      )
    )
  )

  it.effect("streams what is captured, filtered, from behind a position, until its user is disabled", () =>
    Effect.gen(function* () {
      const { state, capture } = makeCapture(3)
      const client = yield* clientAs("viewer")
      const seen: Array<Watched> = []
      const watching = yield* client["events.stream"]({
        filter: { operation: "insert" },
        after: "0000000000000200-0000000000"
      }).pipe(
        Stream.runForEach((watched) => Effect.sync(() => void seen.push(watched))),
        Effect.flip,
        Effect.forkChild({ startImmediately: true })
      )
      yield* capture(2)
      const count = () => seen.filter(({ type }) => type === "event").length
      yield* until(
        "both have come",
        Effect.sync(() => count() >= 2),
        10
      )
      assert.deepStrictEqual(
        seen.map((watched) => (watched.type === "event" ? watched.event.seq : watched.type)),
        [state.seq - 1, state.seq]
      )
      const sql = yield* PgClient.PgClient
      yield* sql`UPDATE users SET is_active = false WHERE username = 'test-viewer'`
      assert.strictEqual((yield* Fiber.join(watching))._tag, "Unauthorized")
    }).pipe(Effect.scoped, Effect.timeout("20 seconds"))
  )
})

layer(apiLayer("rpc_limits", { rateLimits: { read: 5, write: 1, address: 0, login: 0 } }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("/rpc with quotas", (it) => {
  it.effect("counts calls with the requests of the same user", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const client = yield* clientOf(token)
      const read = client["jobs.list"]({ query: {} })
      for (let i = 0; i < 3; i++) yield* read
      for (let i = 0; i < 2; i++) assert.strictEqual((yield* ask("/api/v1/jobs", { token })).status, 200)
      assert.deepInclude(yield* Effect.flip(read), { _tag: "QuotaUsedUp", quota: "read" })
      const write = client["jobs.create"]({ payload: { start_time: null } })
      yield* write
      assert.deepInclude(yield* Effect.flip(write), { _tag: "QuotaUsedUp", quota: "write" })
    }).pipe(Effect.scoped)
  )
})
