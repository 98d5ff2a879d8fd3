import { Effect, Redacted, type Scope } from "effect"
import { Redis } from "ioredis"
import { LogError } from "../LogError.ts"
import { faultOf, isReply, isUnknownScript, type RedisPlace, stateKeyOf } from "./RedisFault.ts"
import type { Script } from "./Scripts.ts"

export interface RedisClientOptions extends RedisPlace {
  /** `redis://user:password@host:port/database`; `rediss:` for TLS. */
  readonly url: Redacted.Redacted
  /** What names the store in errors. */
  readonly store: string
}

/** How long one blocking read waits at the server: losses that wake nobody are seen after it. */
const blockMillis = 1000

/**
 * A connection that is ready. It has one life: nothing is queued while there is none, nothing is sent again, and
 * whoever needs the next one opens it.
 */
const open = (options: RedisClientOptions, commandTimeout: number): Promise<Redis> =>
  new Promise((resolve, reject) => {
    const redis = new Redis(Redacted.value(options.url), {
      lazyConnect: true,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: options.deadline,
      commandTimeout,
      disconnectTimeout: 100,
      connectionName: "walstream",
      disableClientInfo: true,
      // RESP3 brings nothing here.
      protocol: 2
    })
    const fail = (error: unknown) => {
      clearTimeout(late)
      redis.disconnect()
      reject(error instanceof Error ? error : new Error("the connection failed"))
    }
    // One that loads what it has saved answers, and the client would wait for as long as that takes.
    const late = setTimeout(
      () => fail(new Error(`it is not ready within ${options.deadline} ms`)),
      options.deadline
    )
    // It tells why before it tells that it is closed, and would go on after a database that does not exist.
    redis.on("error", fail)
    redis.connect().then(() => {
      clearTimeout(late)
      resolve(redis)
    }, fail)
  })

/**
 * The way to Redis: one connection for what is answered at once, opened when needed, and one of its own for each
 * blocking reader. Every command ends by the deadline.
 */
export class RedisClient {
  readonly #options: RedisClientOptions
  readonly #keys: readonly [string, string]
  #current: Promise<Redis> | undefined

  constructor(options: RedisClientOptions) {
    this.#options = options
    this.#keys = [options.key, stateKeyOf(options.key)]
  }

  /** Runs it atomically over the stream and its books. What it answers is checked by who asks. */
  run(script: Script, args: ReadonlyArray<string | number | Buffer>): Effect.Effect<unknown, LogError> {
    const { sha, lua } = script
    return this.#ask(async (redis) => {
      try {
        return await redis.evalsha(sha, 2, ...this.#keys, ...args)
      } catch (error) {
        if (!isUnknownScript(error)) throw error
        return await redis.eval(lua, 2, ...this.#keys, ...args)
      }
    })
  }

  /** The hash beside the stream. */
  readonly books: Effect.Effect<Readonly<Record<string, string>>, LogError> = Effect.suspend(() =>
    this.#ask((redis) => redis.hgetall(this.#keys[1]))
  )

  /** Waits on a connection of its own until the stream has an entry after this id, or for a while. */
  readonly waiter: Effect.Effect<(after: string) => Effect.Effect<void, LogError>, LogError, Scope.Scope> =
    Effect.suspend(() => {
      const opening = this.#try(() => open(this.#options, blockMillis + this.#options.deadline))
      return Effect.map(
        Effect.acquireRelease(opening, (redis) => Effect.sync(() => redis.disconnect())),
        (redis) => (after: string) =>
          Effect.asVoid(
            this.#try(() => redis.xread("COUNT", 1, "BLOCK", blockMillis, "STREAMS", this.#keys[0], after))
          )
      )
    })

  readonly close: Effect.Effect<void> = Effect.promise(async () => {
    const last = this.#current
    this.#current = undefined
    await last?.then(
      (redis) => redis.disconnect(),
      () => undefined
    )
  })

  error(reason: LogError["reason"]): LogError {
    return new LogError({ store: this.#options.store, reason })
  }

  #ask<A>(command: (redis: Redis) => Promise<A>): Effect.Effect<A, LogError> {
    return this.#try(async () => {
      const connection = this.#current ?? this.#open()
      try {
        const redis = await connection
        return await command(redis)
      } catch (error) {
        // After a failover the same name leads to another server.
        if (!isReply(error) || error.message.startsWith("READONLY")) this.#drop(connection)
        throw error
      }
    })
  }

  #open(): Promise<Redis> {
    const connection = open(this.#options, this.#options.deadline)
    this.#current = connection
    // One that ends while nobody asks is not found out by the next who does.
    connection.then(
      (redis) => redis.once("end", () => this.#drop(connection)),
      () => undefined
    )
    return connection
  }

  #drop(connection: Promise<Redis>): void {
    if (this.#current === connection) this.#current = undefined
    connection.then(
      (redis) => redis.disconnect(),
      () => undefined
    )
  }

  #try<A>(work: () => Promise<A>): Effect.Effect<A, LogError> {
    return Effect.tryPromise({ try: work, catch: (error) => this.error(faultOf(error, this.#options)) })
  }
}
