import { once } from "node:events"
import { createServer } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestRedis, type TestRedis } from "../servers/TestRedis.ts"
import { RandomLog } from "./RandomLog.ts"
import { fails, openBuffer, readRange, streamKey } from "./RedisScene.ts"

const urlTo = (port: number, rest = "") => ({ url: Redacted.make(`redis://${rest}127.0.0.1:${port}`) })

/** Everybody who asks is told why, and what to do about it, and never what was to be written. */
const refuses = (redis: Pick<TestRedis, "url">, why: RegExp, onlyWrites = false) =>
  Effect.gen(function* () {
    const buffer = yield* openBuffer(redis)
    const chunks = new RandomLog({ seed: 3 }).transaction(4)
    for (const asked of [buffer.append(chunks), ...(onlyWrites ? [] : [buffer.coverage, buffer.recent(5)])]) {
      const error = yield* fails("Refused", asked)
      assert.match(error.message, why)
      assert.isFalse(error.isRetryable)
      assert.isNotNull(error.fix)
    }
  })

describeWith("redis-server", "a Redis that refuses", () => {
  it.live("another password, or none", () =>
    Effect.gen(function* () {
      const { url, port } = yield* makeTestRedis({ password: "right" })
      yield* (yield* openBuffer({ url })).coverage
      yield* refuses(urlTo(port, ":wrong@"), /wrong user or password/u)
      yield* refuses(urlTo(port), /wrong user or password/u)
      yield* refuses({ url: Redacted.make(`${Redacted.value(url)}/99`) }, /no such database/u)
    })
  )

  it.live("a user without rights", () =>
    Effect.gen(function* () {
      const redis = yield* makeTestRedis()
      yield* redis.use((client) => client.call("ACL", "SETUSER", "eve", "on", ">secret", "~other", "+@all"))
      yield* refuses(urlTo(redis.port, "eve:secret@"), /lacks rights/u)
      // What docs/redis.md says is enough.
      const rights = "~walstream:events ~{walstream:events}:state +@stream +@hash +@scripting +unlink +info"
      yield* redis.use((client) =>
        client.call("ACL", "SETUSER", "ada", "on", ">secret", ...rights.split(" "))
      )
      const buffer = yield* openBuffer(urlTo(redis.port, "ada:secret@"))
      const transactions = new RandomLog({ seed: 3 }).transactions(5)
      yield* buffer.append(transactions.flat())
      yield* buffer.append(new RandomLog({ seed: 4, firstSeq: 9 }).transactions(5).flat())
      assert.strictEqual((yield* readRange(buffer, 9, 14)).at(-1)?.seq, 13)
    })
  )

  it.live("a key that holds something else", () =>
    Effect.gen(function* () {
      const redis = yield* makeTestRedis()
      yield* redis.use((client) => client.rpush(streamKey, "one", "two"))
      yield* refuses(redis, /holds something else/u)
      assert.deepStrictEqual(yield* redis.use((client) => client.lrange(streamKey, 0, -1)), ["one", "two"])
    })
  )

  it.live("a replica that may only be read", () =>
    Effect.gen(function* () {
      const primary = yield* makeTestRedis()
      const replica = yield* makeTestRedis()
      yield* (yield* openBuffer(primary)).append(new RandomLog({ seed: 3 }).transaction(4))
      yield* replica.use((client) => client.replicaof("127.0.0.1", primary.port))
      const reader = yield* openBuffer(replica)
      yield* reader.coverage.pipe(Effect.repeat({ until: ({ nextSeq }) => nextSeq === 2 }))
      const writer = yield* openBuffer(replica)
      const error = yield* fails(
        "Refused",
        writer.append(new RandomLog({ seed: 3, firstSeq: 2 }).transaction(4))
      )
      assert.match(error.message, /read-only replica/u)
    })
  )

  it.live("a node of a cluster", () =>
    Effect.gen(function* () {
      const redis = yield* makeTestRedis({ settings: { "cluster-enabled": "yes" } })
      yield* refuses(redis, /Redis Cluster/u)
    })
  )

  it.live("something that is not a Redis, and nothing at all", () =>
    Effect.gen(function* () {
      const listening = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const server = createServer((socket) => {
            socket.on("error", () => undefined)
            socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")
          })
          server.listen(0, "127.0.0.1")
          await once(server, "listening")
          return server
        }),
        (server) => Effect.sync(() => server.close())
      )
      const address = listening.address()
      if (address === null || typeof address === "string") throw new Error("no port")
      yield* refuses(urlTo(address.port), /not a Redis/u)
      const nobody = yield* openBuffer(urlTo(yield* freePort))
      const error = yield* fails("Unavailable", nobody.coverage)
      assert.isTrue(error.isRetryable)
      assert.match(error.message, /ECONNREFUSED/u)
    })
  )
})
