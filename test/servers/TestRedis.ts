import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Redacted, Schedule } from "effect"
import { Redis } from "ioredis"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { redisServer } from "./Capability.ts"

export interface TestRedisOptions {
  /** Settings as in redis.conf, e.g. `{ maxmemory: "4mb" }`. */
  readonly settings?: Readonly<Record<string, string>>
  readonly password?: string
}

/** A real server that a test may mistreat. Port and settings stay the same over all its lives; its memory does not. */
export interface TestRedis {
  readonly port: number
  readonly pid: () => number
  readonly url: Redacted.Redacted
  readonly start: Effect.Effect<void>
  /** SIGKILL: nothing is saved. */
  readonly kill: Effect.Effect<void>
  /** Killed and started again: it comes back empty. */
  readonly restart: Effect.Effect<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** A client beside the product's, for looking and for doing harm. */
  readonly use: <A>(work: (redis: Redis) => Promise<A>) => Effect.Effect<A>
}

const connected = async (url: string): Promise<Redis> => {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, protocol: 2 })
  redis.on("error", () => undefined)
  await redis.connect()
  return redis
}

const patiently = Schedule.spaced("20 millis")

/** Starts one without persistence; it ends with the scope. */
export const makeTestRedis = Effect.fnUntraced(function* (options: TestRedisOptions = {}) {
  const port = yield* freePort
  const directory = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-redis-"))),
    (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
  )
  const auth = options.password === undefined ? "" : `:${encodeURIComponent(options.password)}@`
  const url = Redacted.make(`redis://${auth}127.0.0.1:${port}`)
  const settings: Readonly<Record<string, string>> = {
    port: String(port),
    bind: "127.0.0.1",
    dir: directory,
    save: "",
    ...(options.password === undefined ? {} : { requirepass: options.password }),
    ...options.settings
  }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  let process: ChildProcess | undefined

  const use = <A>(work: (redis: Redis) => Promise<A>) =>
    Effect.acquireUseRelease(
      Effect.tryPromise(() => connected(Redacted.value(url))),
      (redis) => Effect.promise(() => work(redis)),
      (redis) => Effect.sync(() => redis.disconnect())
    ).pipe(Effect.orDie)
  const answers = Effect.tryPromise(async () => {
    const redis = await connected(Redacted.value(url))
    redis.disconnect()
  }).pipe(Effect.retry({ schedule: patiently, times: 500 }), Effect.orDie)

  const start = Effect.suspend(() => {
    if (process !== undefined) return Effect.void
    process = spawn(redisServer, args, { stdio: "ignore" })
    return answers
  })
  const signal = (name: NodeJS.Signals) => Effect.sync(() => process?.kill(name))
  const kill = Effect.promise(async () => {
    const ending = process
    process = undefined
    if (ending === undefined || ending.exitCode !== null) return
    const gone = once(ending, "exit")
    ending.kill("SIGKILL")
    await gone
  })

  yield* Effect.addFinalizer(() => kill)
  yield* start
  const server: TestRedis = {
    port,
    pid: () => process?.pid ?? 0,
    url,
    start,
    kill,
    restart: Effect.andThen(kill, start),
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    use
  }
  return server
})
