import { once } from "node:events"
import type { Server } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { type ServerBounds, startingServer } from "../../../src/control/http/StartingServer.ts"

const listening = Effect.fnUntraced(function* (bounds: Partial<ServerBounds>) {
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => startingServer(bounds)),
    (made) =>
      Effect.sync(() => {
        made.close()
        made.closeAllConnections()
      })
  )
  server.listen(0, "127.0.0.1")
  yield* Effect.promise(() => once(server, "listening"))
  return server
})

// A TCP server's address is an object, never a pipe's name.
const portOf = (server: Server): number => (server.address() as AddressInfo).port

it.live("answers 503 until somebody takes requests, then leaves them alone", () =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => startingServer()),
      (server) =>
        Effect.promise(async () => {
          server.close()
          server.closeAllConnections()
        })
    )
    server.listen(0, "127.0.0.1")
    yield* Effect.promise(() => once(server, "listening"))
    // A TCP server's address is an object, never a pipe's name.
    const { port } = server.address() as AddressInfo
    const get = Effect.promise(() => fetch(`http://127.0.0.1:${port}/`))

    const early = yield* get
    assert.deepStrictEqual([early.status, early.headers.get("retry-after")], [503, "1"])
    server.on("request", (_, response) => response.writeHead(204).end())
    assert.strictEqual((yield* get).status, 204)
  })
)

/** Sends the first bytes and then one every 20 ms, until the server has had enough; gives what it said. */
const drip = (port: number, first: string) =>
  Effect.promise(
    () =>
      new Promise<string>((resolve) => {
        let answer = ""
        const socket = connect(port, "127.0.0.1", () => socket.write(first))
        const timer = setInterval(() => socket.write("a"), 20)
        socket.on("data", (data) => {
          answer += data.toString()
        })
        socket.on("error", () => undefined)
        socket.on("close", () => {
          clearInterval(timer)
          resolve(answer)
        })
      })
  )

it.live("lets go of who sends a request drop by drop, headers or body", () =>
  Effect.gen(function* () {
    const server = yield* listening({ headers: 200, request: 300, checks: 20 })
    server.on("request", (message) => message.resume())
    const port = portOf(server)
    const slow = yield* Effect.all(
      [
        drip(port, "GET / HTTP/1.1\r\nHost: x\r\nX-A: "),
        drip(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
      ],
      { concurrency: 2 }
    )
    for (const answer of slow) {
      assert.isTrue(answer.startsWith("HTTP/1.1 408 Request Timeout\r\n"), answer)
      assert.include(answer, "https://walstream.dev/problems/timeout")
    }
    assert.lengthOf(slow, 2)
  })
)
