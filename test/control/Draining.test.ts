import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Schedule, Scope } from "effect"
import { apiLayer, ask, baseUrl, member } from "./TestApi.ts"

it.live(
  "a server that stops says so first, and serves a while longer",
  () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(apiLayer("draining", { drainSeconds: 1 }), scope)
      const get = (path: string) => Effect.provideContext(ask(path), context)
      const url = yield* Effect.provideContext(baseUrl, context)
      for (const path of ["/api/v1/health/ready", "/readyz"]) {
        const ready = yield* get(path)
        assert.strictEqual(ready.status, 200, path)
        assert.include(ready.json, { status: "ok", draining: false })
      }
      assert.deepStrictEqual((yield* get("/healthz")).json, { status: "ok" })

      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      const told = yield* get("/readyz").pipe(
        Effect.filterOrFail(({ status }) => status === 503),
        Effect.retry(Schedule.spaced("10 millis"))
      )
      assert.include(told.json, { status: "unavailable", draining: true, postgres: "up" })
      assert.isNull(member(told.json, "type"))
      assert.strictEqual((yield* get("/api/v1/health/ready")).status, 503)
      assert.strictEqual((yield* get("/healthz")).status, 200)
      assert.strictEqual((yield* get("/api/v1/jobs")).status, 401)
      yield* Fiber.join(closing)
      const gone = yield* Effect.exit(Effect.tryPromise(() => fetch(`${url}/healthz`)))
      assert.isTrue(Exit.isFailure(gone))
    }).pipe(Effect.scoped),
  30_000
)
