import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { LogError } from "../../src/log/LogError.ts"
import { apiLayer, ask, storesFail, tokenFor, trouble } from "./TestApi.ts"

const lines: Array<Readonly<Record<string, unknown>>> = []
const capture = Logger.make<unknown, void>(({ fiber, message }) => {
  lines.push({ message: JSON.stringify(message), ...fiber.getRef(References.CurrentLogAnnotations) })
})

layer(apiLayer("request_log").pipe(Layer.provideMerge(Logger.layer([capture]))), {
  timeout: "60 seconds",
  excludeTestServices: true
})("a line in the log", (it) => {
  it.effect("names the request and its trace, as the answer does", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const trace = "0af7651916cd43dd8448eb211c80319c"
      const headers = { "x-request-id": "mine-7", traceparent: `00-${trace}-b7ad6b7169203331-01` }
      storesFail.current = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "away" } })
      const answer = yield* ask("/api/v1/events/recent", { token, headers })
      assert.strictEqual(answer.status, 503)
      assert.include(answer.json, { request_id: "mine-7", trace_id: trace })
      const line = lines.find(({ request_id: id }) => id === "mine-7")
      assert.deepInclude(line, { request_id: "mine-7", trace_id: trace })
      assert.include(String(line?.["message"]), "away")
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          storesFail.current = null
        })
      )
    )
  )

  it.effect("says of a fault of ours where it is, and quotes nothing of what was at hand", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      // None that an answer may hold.
      trouble.current = { seq: "marker" as never }
      const answer = yield* ask("/api/v1/system/source", { token, headers: { "x-request-id": "mine-8" } })
      assert.strictEqual(answer.status, 500)
      const line = lines.find(({ request_id: id }) => id === "mine-8")
      assert.include(line?.["message"], "a request failed")
      assert.include(line?.["message"], "an answer's Body is not as its schema says: seq")
      assert.notInclude(JSON.stringify([line, answer.json]), "marker")
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          trouble.current = {}
        })
      )
    )
  )
})
