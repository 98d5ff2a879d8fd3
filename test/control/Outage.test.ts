import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"
import { TestServer } from "./TestControl.ts"

const patiently = { schedule: Schedule.spaced("50 millis"), times: 200 }

layer(apiLayer("outage"), { timeout: "60 seconds", excludeTestServices: true })(
  "without its database",
  (it) => {
    it.effect("the API says so, lives on, and works again when the database is back", () =>
      Effect.gen(function* () {
        const server = yield* TestServer
        const token = yield* tokenFor("operator")
        const made = yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
        assert.strictEqual(made.status, 201)

        yield* server.stop
        const ready = yield* ask("/api/v1/health/ready")
        assert.strictEqual(ready.status, 503)
        assert.include(ready.json, { status: "unavailable", postgres: "down", kafka: "embedded" })
        assert.strictEqual((yield* ask("/api/v1/health/live")).status, 200)
        for (const path of ["/api/v1/jobs", "/api/v1/jobs/00000000-0000-4000-8000-000000000000"]) {
          const answer = yield* ask(path, { token })
          assert.strictEqual(answer.status, 503)
          assert.strictEqual(answer.headers.get("retry-after"), "1")
          assert.include(answer.json, {
            type: "https://walstream.dev/problems/unavailable",
            detail: "the control database does not answer"
          })
        }
        const login = yield* ask("/api/v1/auth/token", { form: { username: "a", password: "b" } })
        assert.strictEqual(login.status, 503)

        yield* server.start
        const back = yield* ask(`/api/v1/jobs/${member(made.json, "id")}/start`, {
          method: "POST",
          token
        }).pipe(
          Effect.filterOrFail((answer) => answer.status === 202),
          Effect.retry(patiently)
        )
        assert.include(back.json, { status: "queued" })
        const again = yield* ask("/api/v1/health/ready").pipe(
          Effect.filterOrFail((answer) => answer.status === 200),
          Effect.retry(patiently)
        )
        assert.include(again.json, { status: "ok" })
      })
    )
  }
)
