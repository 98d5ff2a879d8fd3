import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { startingServer } from "../../../src/control/http/StartingServer.ts"

it.live("answers 503 until somebody takes requests, then leaves them alone", () =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(Effect.sync(startingServer), (server) =>
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
