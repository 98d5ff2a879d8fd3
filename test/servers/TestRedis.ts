import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import { Redis } from "ioredis"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { redisAddress, redisServer } from "./Capability.ts"

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
  let child: ChildProcess | undefined

  const use = <A>(work: (redis: Redis) => Promise<A>) =>
    Effect.acquireUseRelease(
      Effect.tryPromise(() => connected(Redacted.value(url))),
      (redis) => Effect.promise(() => work(redis)),
      (redis) => Effect.sync(() => redis.disconnect())
    ).pipe(Effect.orDie)
  // By the machine's clock: a test's own may stand still.
  const answers = Effect.promise(async () => {
    for (;;) {
      try {
        return (await connected(Redacted.value(url))).disconnect()
      } catch (error) {
        if (child === undefined || child.exitCode !== null) throw error
        await setTimeout(20)
      }
    }
  })

  const start = Effect.suspend(() => {
    if (child !== undefined) return Effect.void
    child = spawn(redisServer, args, { stdio: "ignore" })
    return answers
  })
  const signal = (name: NodeJS.Signals) => Effect.sync(() => child?.kill(name))
  const kill = Effect.promise(async () => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null) return
    const gone = once(ending, "exit")
    ending.kill("SIGKILL")
    await gone
  })

  yield* Effect.addFinalizer(() => kill)
  yield* start
  const server: TestRedis = {
    port,
    pid: () => child?.pid ?? 0,
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

/** One server for a whole suite, which is called where its tests are registered. */
export const redisOfSuite = (options: TestRedisOptions = {}): (() => TestRedis) => {
  const scope = Scope.makeUnsafe()
  let server: TestRedis | undefined
  beforeAll(async () => {
    server = await Effect.runPromise(Scope.provide(makeTestRedis(options), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => {
    if (server === undefined) throw new Error("the suite has not begun")
    return server
  }
}

/** A server that a suite only uses, and does not mistreat: the one of WALSTREAM_TEST_REDIS, or one of its own. */
export const redisUrlOfSuite = (): (() => Redacted.Redacted) => {
  const given = process.env[redisAddress]
  if (given !== undefined) return () => Redacted.make(given)
  const server = redisOfSuite()
  return () => server().url
}
