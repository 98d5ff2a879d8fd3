import { request } from "node:http"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { apiLayer, ask, baseUrl, chunks, tokenFor } from "../TestApi.ts"
import { makeCapture, memoryBuffer } from "./LiveScene.ts"

const { state, capture } = makeCapture(3)

interface Heard {
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  text: string
}

/** Reads as curl does: what comes, as it comes. */
const listen = Effect.fnUntraced(function* (path: string, headers: Readonly<Record<string, string>>) {
  const url = `${yield* baseUrl}/api/v1/events/stream${path}`
  const waiting = new Set<() => void>()
  const heard = yield* Effect.acquireRelease(
    Effect.callback<{ readonly of: Heard; readonly end: () => void }>((resume) => {
      const asked = request(url, { headers }, (response) => {
        const of: Heard = { headers: response.headers, text: "" }
        response.setEncoding("utf8").on("data", (part: string) => {
          of.text += part
          for (const each of waiting) each()
        })
        resume(Effect.succeed({ of, end: () => asked.destroy() }))
      })
      asked.on("error", () => undefined)
      asked.end()
    }),
    ({ end }) => Effect.sync(end)
  )
  const until = (isThere: (text: string) => boolean) =>
    Effect.callback<string>((resume) => {
      const check = () => {
        if (isThere(heard.of.text)) resume(Effect.succeed(heard.of.text))
      }
      waiting.add(check)
      check()
    }).pipe(
      Effect.timeoutOrElse({
        duration: "10 seconds",
        orElse: () => Effect.die(new Error(`not within 10 s: ${heard.of.text.slice(-500)}`))
      })
    )
  return { headers: heard.of.headers, until }
})

const bearer = Effect.map(tokenFor("viewer"), (token) => ({ authorization: `Bearer ${token}` }))

layer(apiLayer("sse", { live: { heartbeatMillis: 100 } }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("events/stream", (it) => {
  it.effect("gives changes with their position as id, filtered, and comments between", () =>
    Effect.gen(function* () {
      yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
      const stream = yield* listen("?text=wanted", yield* bearer)
      assert.strictEqual(stream.headers["content-type"], "text/event-stream")
      assert.strictEqual(stream.headers["x-accel-buffering"], "no")
      assert.strictEqual(stream.headers["cache-control"], "no-store")
      yield* capture(1, "other")
      yield* capture(2, "wanted")
      const text = yield* stream.until((heard) => heard.split("event: change").length === 3)
      const [first = ""] = text.split("\n\n").filter((each) => each.startsWith("id: "))
      const [, id, data = ""] = /^id: (\S+)\nevent: change\ndata: (.*)$/u.exec(first) ?? []
      const event: { readonly position: string; readonly seq: number } = JSON.parse(data)
      assert.strictEqual(event.position, id)
      assert.strictEqual(event.seq, state.seq - 1)
      yield* stream.until((heard) => heard.includes("\n: heartbeat\n\n"))
    }).pipe(Effect.scoped)
  )

  it.effect("goes on behind Last-Event-ID, or after", () =>
    Effect.gen(function* () {
      const after = "0000000000000200-0000000000"
      const next = (text: string) => text.includes("id: 0000000000000200-0000000001\n")
      const byHeader = yield* listen("", { ...(yield* bearer), "last-event-id": after })
      yield* byHeader.until(next)
      const byQuery = yield* listen(`?after=${after}`, yield* bearer)
      assert.notInclude(yield* byQuery.until(next), `id: ${after}\n`)
      const unknown = yield* ask("/api/v1/events/stream?after=nothing", { token: yield* tokenFor("viewer") })
      assert.strictEqual(unknown.status, 400)
    }).pipe(Effect.scoped)
  )

  it.effect("a client that leaves frees its place", () =>
    Effect.gen(function* () {
      for (let i = 0; i < 30; i++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const stream = yield* listen("", yield* bearer)
            yield* stream.until((text) => text.includes(": connected"))
          })
        )
      }
    })
  )
})
