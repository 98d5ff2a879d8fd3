import { once } from "node:events"
import { readFile, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { as, makeDatabases, nowhere, patience, refused, run, Server, temporaryDirectory } from "./BadInput.ts"
import { until } from "./Scene.ts"
import { startWalStream } from "./WalStreamProcess.ts"

const oneLine = (said: string) => assert.strictEqual(said.split("\n").length, 1, said)

/** Somebody else's port, for as long as the scope lasts. */
const takenPort = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    return server
  }),
  (server) => Effect.sync(() => server.close())
).pipe(
  // A TCP server's address is an object, never a pipe's name.
  Effect.map((server) => (server.address() as AddressInfo).port)
)

/** An archive of this source, open in this process. */
const openArchive = (file: string, source: string) =>
  Layer.build(SqliteArchive.layer({ file, source }).pipe(Layer.provide(Layer.fresh(ActorSystem.layer))))

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("a start that cannot be", (it) => {
  it.effect(
    "names every bad setting, and never its value",
    () =>
      Effect.gen(function* () {
        const env = { SOURCE_URL: "mysql://shop:hunter2@db/shop", HTTP_PORT: "99999", SLOT_NAME: "My Slot" }
        const said = yield* refused(yield* temporaryDirectory, env, 78)
        assert.deepStrictEqual(said.split("\n"), [
          "walstream: SOURCE_URL must be a URL like postgres://user:password@host:5432/database",
          "walstream: SLOT_NAME must be 1 to 63 of a-z, 0-9 and _",
          "walstream: HTTP_PORT must be a whole number from 0 to 65535"
        ])
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "a port in use: says so; with a free one everything since then is captured",
    () =>
      Effect.gen(function* () {
        const { source, env } = yield* makeDatabases
        const dataDir = yield* temporaryDirectory
        const said = yield* Effect.scoped(
          Effect.flatMap(takenPort, (port) => {
            const expected = `port ${port} is in use: stop the program that has it, or set HTTP_PORT to a free one`
            return Effect.tap(refused(dataDir, { ...env, HTTP_PORT: String(port) }, 1), (line) =>
              Effect.sync(() => assert.include(line, expected))
            )
          })
        )
        oneLine(said)
        const walstream = yield* startWalStream({ dataDir, env })
        const api = yield* walstream.ready
        yield* until(
          "capture runs",
          Effect.map(api.source, ({ phase }) => phase === "capturing")
        )
        yield* run(source, "INSERT INTO public.t VALUES (1)")
        yield* until(
          "it is captured",
          Effect.map(api.source, ({ seq }) => seq === 1)
        )
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "a corrupt archive: says how to go on, and leaves it alone",
    () =>
      Effect.gen(function* () {
        const { env } = yield* makeDatabases
        const dataDir = yield* temporaryDirectory
        const file = join(dataDir, "archive.sqlite")
        const noise = "not a database ".repeat(2000)
        yield* Effect.promise(() => writeFile(file, noise))
        const said = yield* refused(dataDir, env, 1)
        oneLine(said)
        assert.include(said, `${file}: file is not a database`)
        assert.include(
          said,
          "What to do: restore the archive from a copy; or move it away and set another SOURCE_ID"
        )
        assert.strictEqual(yield* Effect.promise(() => readFile(file, "utf8")), noise)
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "an archive of another source, or one that is in use: says whose it is",
    () =>
      Effect.gen(function* () {
        const { env } = yield* makeDatabases
        const dataDir = yield* temporaryDirectory
        const file = join(dataDir, "archive.sqlite")
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* openArchive(file, "books")
            const busy = yield* refused(dataDir, env, 1)
            oneLine(busy)
            assert.include(busy, `${file} is used by another process: stop it, or set another DATA_DIR`)
          })
        )
        const other = yield* refused(dataDir, env, 1)
        oneLine(other)
        assert.include(other, `${file} is the log of source "books", not of "source"`)
        assert.include(other, "What to do: set SOURCE_ID to the source that the archive was begun with")
        yield* Effect.scoped(openArchive(file, "books"))
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "a DATA_DIR that is no folder",
    () =>
      Effect.gen(function* () {
        const { env } = yield* makeDatabases
        const file = join(yield* temporaryDirectory, "file")
        yield* Effect.promise(() => writeFile(file, ""))
        const said = yield* refused(file, env, 1)
        oneLine(said)
        assert.include(said, `DATA_DIR ${file} cannot be used`)
        assert.include(said, "What to do: set DATA_DIR to a folder that can be made and written")
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "a control database that is away or closed: names DATABASE_URL",
    () =>
      Effect.gen(function* () {
        const { env, control } = yield* makeDatabases
        const start = Effect.fnUntraced(function* (url: string) {
          const said = yield* refused(yield* temporaryDirectory, { ...env, DATABASE_URL: url }, 1)
          oneLine(said)
          return said
        }, Effect.scoped)
        const [away, closed] = yield* Effect.all([start(nowhere), start(as(control, "postgres", "wrong"))], {
          concurrency: "unbounded"
        })
        assert.include(away, "the control database does not answer: connect ECONNREFUSED 127.0.0.1:9")
        assert.include(away, "What to do: check that the server runs and that DATABASE_URL reaches it")
        assert.include(closed, "the control database refuses the login: password authentication failed")
        assert.include(closed, "What to do: check user and password in DATABASE_URL")
      }).pipe(Effect.scoped),
    patience
  )
})
