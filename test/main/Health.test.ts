import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { notReady } from "../../src/main/health.ts"

/** Answers probes like a role, for as long as the scope lasts. */
const answering = (status: number, body: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((request, response) => {
        response.statusCode = request.url === "/health/ready" ? status : 404
        response.end(body)
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(
    // A TCP server's address is an object, never a pipe's name.
    Effect.map((server) => (server.address() as AddressInfo).port)
  )

const said = (port: number) => Effect.promise(() => notReady(port))

it.effect("has nothing to say of a role that is ready", () =>
  Effect.gen(function* () {
    assert.isNull(yield* said(yield* answering(200, "{}")))
  })
)

it.effect("tells what a role lacks", () =>
  Effect.gen(function* () {
    const body = JSON.stringify({ needs: { archive: "does not answer", control_database: null } })
    const port = yield* answering(503, body)
    assert.strictEqual(
      yield* said(port),
      `http://127.0.0.1:${port}/health/ready answered 503 (archive: does not answer)`
    )
  })
)

it.effect("takes whatever else answers there for not ready", () =>
  Effect.gen(function* () {
    assert.match((yield* said(yield* answering(500, "<html>"))) ?? "", /answered 500$/u)
  })
)

it.effect("tells that nothing answers", () =>
  Effect.gen(function* () {
    const port = yield* Effect.scoped(answering(200, ""))
    assert.match((yield* said(port)) ?? "", /^nothing answers at /u)
  })
)
