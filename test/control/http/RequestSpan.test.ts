import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type Span, Tracing } from "../../../src/runtime/trace/Tracing.ts"
import { apiLayer, ask, tokenFor } from "../TestApi.ts"

const spans: Array<Span> = []
const tracing = Layer.succeed(Tracing, { ratio: 0, record: (span: Span) => void spans.push(span) })

layer(apiLayer("request_span").pipe(Layer.provide(tracing)), {
  timeout: "60 seconds",
  excludeTestServices: true
})("a request's span", (it) => {
  const traceId = "0af7651916cd43dd8448eb211c80319c"
  const callers = (flags: string) => ({ traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` })

  it.effect("joins the caller's trace and is named by its route; the answer says which span it was", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      spans.length = 0
      const answer = yield* ask("/api/v1/events/recent?limit=1", { token, headers: callers("01") })
      yield* ask("/api/v1/jobs/00000000-0000-4000-8000-000000000000", { token, headers: callers("01") })
      yield* ask("/whatever/somebody/typed?secret=1", { headers: callers("01") })
      assert.deepStrictEqual(
        spans.map(({ name, attributes }) => [name, attributes["http.response.status_code"]]),
        [
          ["GET /api/v1/events/recent", 200],
          ["GET /api/v1/jobs/:id", 404],
          ["GET", 404]
        ]
      )
      const [first] = spans
      assert.deepInclude(first, { traceId, parentId: "b7ad6b7169203331", kind: "server", failed: null })
      assert.strictEqual(answer.headers.get("traceparent"), `00-${traceId}-${first?.spanId}-01`)
      assert.isAtMost(first?.begun ?? Number.NaN, first?.ended ?? Number.NaN)
      assert.notMatch(JSON.stringify(spans), /secret|somebody|00000000-0000-4000/u)
    })
  )

  it.effect("is not kept where the caller keeps none, nor where nobody asked for more", () =>
    Effect.gen(function* () {
      spans.length = 0
      yield* ask("/api/v1/health/live", { headers: callers("00") })
      yield* ask("/api/v1/health/live", {})
      assert.deepStrictEqual(spans, [])
    })
  )
})
