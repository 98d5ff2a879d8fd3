import { execFile } from "node:child_process"
import { chown, mkdtemp, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { connectPg, type PgSession } from "../../src/postgres/PgSession.ts"
import {
  accept,
  captured,
  captureInto,
  lives,
  startCapturing,
  startLife,
  stoppedAt
} from "../ingest/CaptureLife.ts"
import { awaitPhase, until } from "../ingest/TestSource.ts"
import { temporaryDirectory } from "../log/SqliteFixture.ts"
import { debianBinaries, upgradeBinaries } from "../servers/Capability.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestPostgres, type TestPostgres } from "../servers/TestPostgres.ts"

const run = promisify(execFile)
const slot = "walstream_slot"

const insert = (session: PgSession, from: number, to: number) =>
  session.script(`INSERT INTO public.t SELECT generate_series(${from}, ${to})`)

const idsOf = (session: PgSession) =>
  Effect.map(session.query("SELECT id FROM public.t ORDER BY id"), (rows) => rows.map(({ id }) => Number(id)))

/** A server with a table whose changes are captured into a file, up to the last one: writes have stopped. */
const makeDrained = Effect.fnUntraced(function* (old: TestPostgres) {
  const directory = yield* temporaryDirectory
  const url = yield* old.createDatabase("shop")
  const options = captureInto(directory, url)
  yield* Effect.scoped(
    Effect.gen(function* () {
      const session = yield* connectPg({ url, applicationName: "test" })
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
      const life = yield* startCapturing(options)
      yield* insert(session, 1, 100)
      const [end] = yield* session.query("SELECT pg_current_wal_lsn() AS lsn")
      yield* until(
        session.query("SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn >= $2", [
          slot,
          end?.["lsn"] ?? null
        ]),
        (rows) => rows.length > 0
      )
      yield* life.end
    })
  )
  return options
})

/** The same URL at another port: an upgrade keeps roles and passwords. */
const atPort = (url: Redacted.Redacted, port: number) => {
  const address = new URL(Redacted.value(url))
  address.port = String(port)
  return Redacted.make(address.href)
}

/** Capture stops at the new system, and goes on when an admin says that nothing is missing. Writes only begin then, or before. */
const goesOn = Effect.fnUntraced(function* (
  options: Effect.Success<ReturnType<typeof makeDrained>>,
  writesBegin: "before" | "after"
) {
  const session = yield* connectPg({ url: options.url, applicationName: "test" })
  if (writesBegin === "before") yield* insert(session, 101, 150)
  const life = yield* startLife(options)
  const { code, message, gap } = yield* stoppedAt(life)
  assert.strictEqual(code, "Replaced")
  assert.include(message, "another system")
  yield* accept(life, gap.id)
  yield* awaitPhase(life.state, "Capturing")
  yield* insert(session, writesBegin === "before" ? 151 : 101, 200)
  const { ids } = yield* captured(life, 200)
  assert.deepStrictEqual(ids, yield* idsOf(session))
  assert.lengthOf(ids, 200)
  const [first, second, ...more] = yield* lives(life)
  assert.deepStrictEqual(more, [])
  assert.notStrictEqual(second?.systemIdentifier, first?.systemIdentifier)
  return yield* session.query("SELECT failover::text FROM pg_replication_slots WHERE slot_name = $1", [slot])
})

describeWith("postgresql-15", "an upgrade of the source by dump and restore, from 15 to 18", () => {
  it.live(
    "loses nothing while writes have stopped; the new slot is there before they begin",
    () =>
      Effect.gen(function* () {
        const old = yield* makeTestPostgres({ binaries: debianBinaries })
        const options = yield* makeDrained(old)
        const next = yield* makeTestPostgres()
        const url = yield* next.createDatabase("shop")
        const dump = join(options.spillDirectory, "shop.sql")
        yield* Effect.promise(() =>
          run(join(debianBinaries, "pg_dump"), [
            "--no-owner",
            `--file=${dump}`,
            Redacted.value(options.url)
          ]).then(() =>
            run(join(debianBinaries, "psql"), [
              "--quiet",
              "--set=ON_ERROR_STOP=1",
              `--file=${dump}`,
              Redacted.value(url)
            ])
          )
        )
        yield* old.stop
        assert.deepStrictEqual(yield* goesOn({ ...options, url }, "after"), [{ failover: "true" }])
      }).pipe(Effect.scoped),
    { timeout: 60_000 }
  )
})

describeWith("pg_upgrade", "an upgrade of the source by pg_upgrade", () => {
  it.live(
    "keeps the slot: what is written before capture is back is captured",
    () =>
      Effect.gen(function* () {
        const binaries = upgradeBinaries
        const old = yield* makeTestPostgres({ binaries })
        const options = yield* makeDrained(old)
        const next = yield* makeTestPostgres({ binaries })
        // pg_upgrade speaks with both as one user, with one password.
        const { password } = new URL(Redacted.value(options.url))
        const own = { url: next.url("postgres"), applicationName: "test" }
        yield* Effect.scoped(
          Effect.flatMap(connectPg(own), (session) =>
            session.script(`ALTER ROLE postgres PASSWORD '${password}'`)
          )
        )
        yield* old.stop
        yield* next.stop
        yield* upgrade(old, next, password)
        yield* next.start
        const again = { ...options, url: atPort(options.url, next.port) }
        assert.deepStrictEqual(yield* goesOn(again, "before"), [{ failover: "true" }])
      }).pipe(Effect.scoped),
    { timeout: 120_000 }
  )
})

/** Run as who owns the data, in a folder of its own. */
const upgrade = Effect.fnUntraced(function* (old: TestPostgres, next: TestPostgres, password: string) {
  const { uid, gid } = yield* Effect.promise(() => stat(old.directory))
  const cwd = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-upgrade-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
  yield* Effect.promise(() => chown(cwd, uid, gid))
  const logical = "-c wal_level=logical"
  yield* Effect.promise(() =>
    run(
      join(upgradeBinaries, "pg_upgrade"),
      [
        ["--old-bindir", upgradeBinaries, "--new-bindir", upgradeBinaries],
        ["--old-datadir", join(old.directory, "data"), "--new-datadir", join(next.directory, "data")],
        ["--old-port", String(old.port), "--new-port", String(next.port)],
        ["--old-options", logical, "--new-options", logical],
        ["--username", "postgres", "--socketdir", cwd, "--no-sync"]
      ].flat(),
      { cwd, uid, gid, env: { ...process.env, PGPASSWORD: password, LC_ALL: "C" } }
    )
  )
})
