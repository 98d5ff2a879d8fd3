import { connect } from "node:net"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { RequestFigures } from "../../../src/control/http/RequestFigures.ts"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { until } from "../../faults/Scene.ts"
import { apiLayer, baseUrl, chunks, tokenFor } from "../TestApi.ts"
import { makeCapture, memoryBuffer } from "./LiveScene.ts"

const after = "0000000000000100-0000000000"

/** What asks for a stream from the first change on, by the way that it goes. */
const asks = {
  "server-sent events": (token: string) =>
    `GET /api/v1/events/stream?after=${after} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  rpc: (token: string) => {
    const payload = { filter: {}, after }
    const line = JSON.stringify({ _tag: "Request", id: "1", tag: "events.stream", payload, headers: [] })
    return (
      `POST /rpc HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/ndjson\r\nContent-Length: ${line.length + 1}\r\n\r\n${line}\n`
    )
  }
} as const
const ways = ["server-sent events", "rpc"] as const

/** A client that takes the answer's beginning and no more, of far more than the network holds. */
const listenDeaf = Effect.fnUntraced(function* (way: (typeof ways)[number]) {
  const token = yield* tokenFor("viewer")
  const { hostname, port } = new URL(yield* baseUrl)
  return yield* Effect.acquireRelease(
    Effect.callback<{ readonly end: () => void }>((resume) => {
      const socket = connect(Number(port), hostname)
      socket.on("error", () => undefined)
      socket.write(asks[way](token))
      socket.once("data", (part: Buffer) => {
        socket.pause()
        assert.include(part.toString("latin1"), "200 OK")
        resume(Effect.succeed({ end: () => socket.destroy() }))
      })
    }),
    ({ end }) => Effect.sync(end)
  )
})

const streams = Effect.map(RequestFigures, (figures) => figures.streams)
const isOpen = Effect.map(streams, (count) => count === 1)
const isOver = Effect.map(streams, (count) => count === 0)

/** Thirty megabytes. */
const fill = Effect.gen(function* () {
  yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
  const { capture } = makeCapture(3)
  yield* capture(150, "x".repeat(200_000))
})

layer(apiLayer("deaf", {}, memoryBuffer), { timeout: "60 seconds", excludeTestServices: true })(
  "a client that does not read",
  (it) => {
    it.effect("is let go of when its user is disabled", () =>
      Effect.gen(function* () {
        yield* fill
        const sql = yield* PgClient.PgClient
        for (const way of ways) {
          yield* sql`UPDATE users SET is_active = true WHERE username = 'test-viewer'`
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* listenDeaf(way)
              yield* until(`${way} is open`, isOpen, 5)
              yield* sql`UPDATE users SET is_active = false WHERE username = 'test-viewer'`
              yield* until(`${way} is over`, isOver, 10)
            })
          )
        }
      })
    )
  }
)

layer(apiLayer("deaf_slow", { live: { slowMillis: 1000 } }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("a client that takes nothing", (it) => {
  it.effect("is let go of, whichever way it came", () =>
    Effect.gen(function* () {
      yield* fill
      for (const way of ways) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* listenDeaf(way)
            yield* until(`${way} is open`, isOpen, 5)
            yield* until(`${way} is over`, isOver, 10)
          })
        )
      }
    })
  )
})
