import { mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, type Redacted, Schedule, Scope } from "effect"
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresError,
  freePort,
  makeEmbeddedPostgres
} from "../../src/postgres/EmbeddedPostgres.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import type { PostgresError } from "../../src/postgres/PostgresError.ts"

export interface TestPostgresOptions {
  /** PostgreSQL 18 from npm if not given. */
  readonly binaries?: string
  readonly settings?: Readonly<Record<string, string>>
  /** Where the server's data and password are, or shall be; a new folder that goes with the scope if not given. */
  readonly directory?: string
}

type Started = Effect.Effect<void, EmbeddedPostgresError>

/** A real server that a test may mistreat. Data, port and password stay the same over all its lives. */
export interface TestPostgres {
  readonly port: number
  /** `data` and `password` in it. */
  readonly directory: string
  readonly url: (database: string) => Redacted.Redacted
  readonly start: Started
  /** An orderly "fast" shutdown; thaws it first. */
  readonly stop: Effect.Effect<void>
  readonly restart: Started
  /** SIGKILL to every process of it, as a power cut would. */
  readonly kill: Effect.Effect<void>
  /** SIGSTOP to every process of it: connections stay open and nothing answers. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** A new database, empty or a copy, and its URL. */
  readonly createDatabase: (
    name: string,
    template?: string
  ) => Effect.Effect<Redacted.Redacted, PostgresError>
}

/** The postmaster and its children. Each backend leads its own session, so there is no group to signal. */
const family = async (postmaster: number): Promise<ReadonlyArray<number>> => {
  const found = [postmaster]
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/u.test(entry)) continue
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "")
    // The name in parentheses may hold anything; state and parent follow it.
    const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]
    if (Number(parent) === postmaster) found.push(Number(entry))
  }
  return found
}

const signal = (postmaster: number, name: NodeJS.Signals) =>
  Effect.promise(async () => {
    for (const pid of await family(postmaster)) {
      try {
        process.kill(pid, name)
      } catch {
        // It has just ended by itself.
      }
    }
  })

/** A folder that goes with its scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-test-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true }))
)

interface Life {
  readonly server: EmbeddedPostgres
  readonly scope: Scope.Closeable
}

/** Starts one; it ends, and its data are removed, with the scope. Linux only (`/proc`). */
export const makeTestPostgres = Effect.fnUntraced(function* (options: TestPostgresOptions = {}) {
  const directory = options.directory ?? (yield* temporaryDirectory)
  const port = yield* freePort
  let life: Life | undefined

  const begin = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const server = yield* makeEmbeddedPostgres({
      directory,
      port,
      // Nothing here survives the machine, and a SIGKILL loses no page of the kernel's.
      settings: { fsync: "off", ...options.settings },
      ...(options.binaries === undefined ? {} : { binaries: options.binaries })
    }).pipe(
      Scope.provide(scope),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    life = { server, scope }
    return server
  })
  // After a SIGKILL the kernel may need a moment to let go of shared memory and port.
  const start: Started = Effect.suspend(() => (life === undefined ? Effect.asVoid(begin) : Effect.void)).pipe(
    Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 50 })
  )
  const withPostmaster = (name: NodeJS.Signals) =>
    Effect.suspend(() => (life === undefined ? Effect.void : signal(life.server.pid, name)))
  const end = Effect.suspend(() => {
    if (life === undefined) return Effect.void
    const { scope } = life
    life = undefined
    return Scope.close(scope, Exit.void)
  })
  const thaw = withPostmaster("SIGCONT")
  const stop = Effect.andThen(thaw, end)

  yield* Effect.addFinalizer(() => stop)
  const { url } = yield* begin

  const server: TestPostgres = {
    port,
    directory,
    url,
    start,
    stop,
    restart: Effect.andThen(stop, start),
    kill: Effect.andThen(withPostmaster("SIGKILL"), end),
    freeze: withPostmaster("SIGSTOP"),
    thaw,
    createDatabase: (name, template) =>
      Effect.gen(function* () {
        const admin = yield* connectPg({ url: url("postgres"), applicationName: "test" })
        yield* admin.script(
          `CREATE DATABASE "${name}"${template === undefined ? "" : ` TEMPLATE "${template}"`}`
        )
        return url(name)
      }).pipe(Effect.scoped)
  }
  return server
})
