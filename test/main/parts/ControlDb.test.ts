import { type AddressInfo, createServer, connect as dial } from "node:net"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { controlDatabase } from "../../../src/control/ControlDatabase.ts"
import { migrate } from "../../../src/control/Migrations.ts"
import { migratedControlDatabase } from "../../../src/main/parts/ControlDb.ts"
import { makeTestPostgres } from "../../servers/TestPostgres.ts"

/** Before a server: the connections with these numbers, from 1, are cut as soon as they are made. */
const cutting = (server: Redacted.Redacted, cut: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const to = new URL(Redacted.value(server))
    let made = 0
    const proxy = createServer((client) => {
      made += 1
      client.on("error", () => client.destroy())
      if (cut.includes(made)) {
        client.destroy()
        return
      }
      const upstream = dial(Number(to.port), to.hostname)
      upstream.on("error", () => client.destroy())
      client.pipe(upstream).pipe(client)
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((listens) => proxy.listen(0, "127.0.0.1", listens))),
      () => Effect.sync(() => proxy.close())
    )
    const url = new URL(to)
    // A TCP server's address is no text.
    url.port = String((proxy.address() as AddressInfo).port)
    url.hostname = "127.0.0.1"
    return { url: Redacted.make(url.href), made: () => made }
  })

describe("the control database of a role that starts", () => {
  it.live(
    "is asked again when a connection is lost between the first answer and the check of its revision",
    () =>
      Effect.gen(function* () {
        const url = yield* (yield* makeTestPostgres({})).createDatabase("control")
        yield* migrate.pipe(Effect.provide(controlDatabase({ url, applicationName: "test" })))
        const proxy = yield* cutting(url, [2, 3])
        const built = yield* Layer.build(migratedControlDatabase(proxy.url, "worker"))
        const rows = yield* Effect.flatMap(PgClient.PgClient, (sql) => sql`SELECT 1 AS one`).pipe(
          Effect.provideContext(built)
        )
        assert.deepStrictEqual(rows, [{ one: 1 }])
        assert.isAtLeast(proxy.made(), 4)
      }).pipe(Effect.scoped)
  )
})
