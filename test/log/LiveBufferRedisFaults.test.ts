import { assert, beforeEach, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import type { Redis } from "ioredis"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestRedis, redisOfSuite } from "../servers/TestRedis.ts"
import { RandomLog } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"
import { booksKey, fails, held, isEmpty, openBuffer, readRange, streamKey } from "./RedisScene.ts"

describeWith("redis-server", "a Redis that loses what it had", () => {
  const server = redisOfSuite()
  beforeEach(() =>
    Effect.runPromise(
      Effect.andThen(
        server().start,
        server().use((redis) => redis.flushall())
      )
    )
  )

  /** A writer and a reader in processes of their own, and ten transactions. */
  const begin = Effect.gen(function* () {
    const writer = yield* openBuffer(server())
    const reader = yield* openBuffer(server())
    const transactions = new RandomLog({ seed: 5, largeOneIn: 0 }).transactions(40)
    /** From seq `first` up to but not including `next`. */
    const part = (first: number, next: number): ReadonlyArray<ArchivedChunk> =>
      transactions.slice(first - 1, next - 1).flat()
    yield* writer.append(part(1, 11))
    assert.deepStrictEqual(yield* held(reader), [1, 11])
    return { writer, reader, part }
  })

  const losses: Readonly<Record<string, (redis: Redis) => Promise<unknown>>> = {
    "is flushed": (redis) => redis.flushall(),
    "evicts the stream": (redis) => redis.del(streamKey),
    "evicts the books": (redis) => redis.del(booksKey),
    "has an entry deleted": async (redis) => {
      const [entry] = await redis.xrange(streamKey, "-", "+", "COUNT", 1)
      await redis.xdel(streamKey, entry?.[0] ?? "")
    },
    "has an entry added by somebody else": (redis) => redis.xadd(streamKey, "*", "who", "knows")
  }

  for (const [name, lose] of Object.entries(losses)) {
    it.live(name, () =>
      Effect.gen(function* () {
        const { writer, reader, part } = yield* begin
        const waiting = yield* readRange(reader, 1, 30).pipe(Effect.flip, Effect.forkChild)
        yield* server().use(lose)
        yield* isEmpty(reader)
        assert.deepStrictEqual((yield* reader.stats).changes, 0)
        assert.deepStrictEqual(yield* reader.recent(100), [])

        // The log stands behind what was written: a reader of what is gone need not wait for the next change.
        yield* writer.advance(Date.UTC(2027, 0, 1) * 1000)
        assert.deepStrictEqual(yield* held(reader), [11, 11])
        yield* fails("Missing", readRange(reader, 5, 30))

        yield* writer.append(part(11, 15))
        assert.deepStrictEqual(yield* held(reader), [11, 15])
        assertSameLog(yield* readRange(reader, 11, 15), part(11, 15))
        yield* writer.append(part(17, 20))
        assert.deepStrictEqual(yield* held(reader), [17, 20])
        assert.strictEqual((yield* Fiber.join(waiting)).reason._tag, "Missing")
      })
    )
  }

  it.live("has what the books say damaged: nothing is held until the writer says it again", () =>
    Effect.gen(function* () {
      const { writer, reader, part } = yield* begin
      yield* server().use((redis) => redis.hset(booksKey, "state", '{"version":1}'))
      yield* isEmpty(reader)
      yield* writer.append(part(11, 15))
      assertSameLog(yield* readRange(reader, 1, 15), part(1, 15))
      yield* server().use((redis) => redis.hset(booksKey, "revision", "", "state", "?"))
      yield* writer.append(part(15, 20))
      assert.deepStrictEqual(yield* held(reader), [15, 20])
    })
  )

  it.live("is killed and comes back empty: an error at once while it is away, a new coverage after it", () =>
    Effect.gen(function* () {
      const { writer, reader, part } = yield* begin
      const waiting = yield* readRange(reader, 1, 30).pipe(Effect.flip, Effect.forkChild)
      yield* server().kill
      assert.isTrue((yield* Fiber.join(waiting)).isRetryable)
      for (const effect of [
        writer.append(part(11, 15)),
        writer.advance(1),
        reader.coverage,
        reader.stats,
        reader.recent(1),
        readRange(reader, 1, 5)
      ]) {
        assert.isTrue((yield* fails("Unavailable", effect)).isRetryable)
      }
      yield* server().start
      yield* isEmpty(reader)
      yield* writer.append(part(15, 20))
      assert.deepStrictEqual(yield* held(reader), [15, 20])

      // While nobody asked: the next who does is not bothered with it.
      yield* server().restart
      yield* isEmpty(reader)
      yield* writer.append(part(20, 25))
      assert.deepStrictEqual(yield* held(reader), [20, 25])
    })
  )

  it.live(
    "freezes: no answer is an error by the deadline, and the write that was under way counts once",
    () =>
      Effect.gen(function* () {
        const writer = yield* openBuffer(server(), { deadline: 150 })
        const reader = yield* openBuffer(server(), { deadline: 150 })
        const transactions = new RandomLog({ seed: 6, largeOneIn: 0 }).transactions(20)
        yield* writer.append(transactions.slice(0, 10).flat())
        const waiting = yield* readRange(reader, 11, 30).pipe(Effect.flip, Effect.forkChild)
        yield* reader.coverage
        yield* server().freeze
        yield* fails("Unavailable", writer.append(transactions.slice(10, 15).flat()))
        yield* fails("Unavailable", reader.coverage)
        yield* fails(
          "Unavailable",
          Effect.scoped(Effect.flatMap(openBuffer(server(), { deadline: 150 }), held))
        )
        assert.strictEqual((yield* Fiber.join(waiting)).reason._tag, "Unavailable")
        yield* server().thaw
        const all = transactions.flat()
        yield* Effect.retry(writer.append(transactions.slice(10).flat()), { times: 100 })
        assert.deepStrictEqual(yield* held(reader), [1, 21])
        assertSameLog(yield* readRange(reader, 1, 21), all)
      })
  )

  it.live("loads what it has saved: an error by the deadline, not an answer when it is done", () =>
    Effect.gen(function* () {
      const settings = {
        "enable-debug-command": "yes",
        // A millisecond for each key, and others are answered in between.
        "key-load-delay": "1000",
        "loading-process-events-interval-bytes": "1024"
      }
      const loading = yield* makeTestRedis({ settings })
      const buffer = yield* openBuffer(loading, { deadline: 200 })
      yield* loading.use(async (redis) => {
        const beside = redis.duplicate()
        await redis.call("DEBUG", "POPULATE", "10000", "filler", "200")
        await beside.connect()
        const reloaded = redis.call("DEBUG", "RELOAD").catch(() => undefined)
        while (!(await beside.info("persistence")).includes("loading:1")) await Promise.resolve()
        beside.disconnect()
        const error = await Effect.runPromise(fails("Unavailable", buffer.coverage))
        assert.isTrue(error.isRetryable)
        redis.disconnect()
        await reloaded
      })
    })
  )

  it.live("fails over to a replica that lags: a hole, where we know of more than it has", () =>
    Effect.gen(function* () {
      const { writer, reader, part } = yield* begin
      const copy = yield* server().use((redis) =>
        Promise.all([redis.dumpBuffer(streamKey), redis.dumpBuffer(booksKey)])
      )
      yield* writer.append(part(11, 20))
      const ahead = yield* readRange(reader, 20, 30).pipe(Effect.forkChild)
      yield* server().use(async (redis) => {
        await redis.restore(streamKey, 0, copy[0] ?? "", "REPLACE")
        await redis.restore(booksKey, 0, copy[1] ?? "", "REPLACE")
      })
      // What it has is right, and it is not complete up to any new time.
      const { toTime } = yield* reader.coverage
      yield* writer.advance(Date.UTC(2027, 0, 1) * 1000)
      assert.strictEqual((yield* reader.coverage).toTime, toTime)
      assert.deepStrictEqual(yield* held(reader), [1, 11])
      assertSameLog(yield* readRange(reader, 1, 11), part(1, 11))

      const behind = yield* readRange(reader, 5, 30).pipe(Effect.flip, Effect.forkChild)
      yield* writer.append(part(20, 31))
      assert.deepStrictEqual(yield* held(reader), [20, 31])
      assert.strictEqual((yield* Fiber.join(behind)).reason._tag, "Missing")
      assertSameLog(yield* Fiber.join(ahead), part(20, 30))
    })
  )

  it.live(
    "has an entry that cannot be read: nothing is held from then on, until the writer begins anew",
    () =>
      Effect.gen(function* () {
        const { writer, reader, part } = yield* begin
        const [last] = yield* server().use(async (redis) => {
          const [entry, before] = await redis.xrevrange(streamKey, "+", "-", "COUNT", 2)
          const [id, fields] = entry ?? ["", []]
          await redis.xdel(streamKey, id)
          await redis.call("XSETID", streamKey, before?.[0] ?? "")
          await redis.xadd(streamKey, id, "tx", fields[1] ?? "", "changes", `${fields[3]} `)
          return [id]
        })
        const given: Array<ArchivedChunk> = []
        const reading = reader
          .read({ seq: 1, ordinal: 0 }, 11)
          .pipe(Stream.runForEach((page) => Effect.sync(() => void given.push(...page))))
        yield* fails("Missing", reading)
        assertSameLog(given, part(1, 10))
        assert.include(yield* server().use((redis) => redis.hget(booksKey, "revision")), last ?? "")
        yield* isEmpty(reader)
        yield* writer.append(part(11, 15))
        assert.deepStrictEqual(yield* held(reader), [11, 15])
      })
  )

  it.live("evicts the stream because memory is short", () =>
    Effect.gen(function* () {
      const { writer, reader, part } = yield* begin
      yield* server().use(async (redis) => {
        const used = Number(/used_memory:(\d+)/u.exec(await redis.info("memory"))?.[1])
        await redis.config("SET", "maxmemory-policy", "allkeys-random")
        await redis.config("SET", "maxmemory", used + 1_000_000)
        for (let i = 0; (await redis.exists(streamKey, booksKey)) === 2; i++) {
          await redis.set(`filler:${i}`, "x".repeat(50_000))
        }
        await redis.config("SET", "maxmemory", 0)
      })
      yield* isEmpty(reader)
      yield* writer.append(part(11, 15))
      assert.deepStrictEqual(yield* held(reader), [11, 15])
    })
  )

  it.live("is full: nothing is half written, and it goes on when there is room", () =>
    Effect.gen(function* () {
      const { writer, reader, part } = yield* begin
      yield* server().use(async (redis) => {
        await redis.config("SET", "maxmemory-policy", "noeviction")
        await redis.config("SET", "maxmemory", 1)
      })
      const full = yield* fails("Full", writer.append(part(11, 15)))
      assert.isTrue(full.isRetryable)
      assert.include(full.fix, "maxmemory")
      assert.deepStrictEqual(yield* held(reader), [1, 11])
      yield* server().use((redis) => redis.config("SET", "maxmemory", 0))
      yield* writer.append(part(11, 15))
      assertSameLog(yield* readRange(reader, 1, 15), part(1, 15))
    })
  )

  it.live("holds another history of the source: it is dropped; another source's: it is left alone", () =>
    Effect.gen(function* () {
      const { writer, part } = yield* begin
      const again = yield* openBuffer(server(), { history: Effect.succeed("second") })
      yield* isEmpty(again)
      const other = yield* openBuffer(server(), { source: "depot" })
      yield* fails("Refused", other.coverage)
      assert.isNotNull((yield* fails("Refused", other.append(part(1, 5)))).fix)
      assert.deepStrictEqual(yield* held(writer), [1, 11])
      yield* again.append(part(1, 4))
      assert.deepStrictEqual(yield* held(again), [1, 4])
      yield* isEmpty(writer)
    })
  )

  it.live("is written by two at once, one of them behind: each change once", () =>
    Effect.gen(function* () {
      const { writer, reader, part } = yield* begin
      const frozen = yield* openBuffer(server())
      yield* frozen.append(part(5, 16))
      yield* writer.append(part(9, 20))
      yield* frozen.append(part(14, 18))
      yield* Effect.all([writer.append(part(18, 30)), frozen.append(part(18, 41))], { concurrency: 2 })
      yield* writer.append(part(29, 41))
      assert.deepStrictEqual(yield* held(reader), [1, 41])
      assertSameLog(yield* readRange(reader, 1, 41), part(1, 41))
    })
  )

  it.live("trims what a slow reader has not read yet", () =>
    Effect.gen(function* () {
      const small = { maxChanges: 2000 }
      const writer = yield* openBuffer(server(), small)
      const reader = yield* openBuffer(server(), small)
      const log = new RandomLog({ seed: 8, largeOneIn: 0 })
      yield* writer.append(log.transactions(300).flat())
      const given: Array<ArchivedChunk> = []
      const error = yield* reader.read({ seq: 1, ordinal: 0 }, 301).pipe(
        Stream.runForEach((page) => {
          given.push(...page)
          return writer.append(Array.from({ length: 9 }, () => log.transaction(200)).flat())
        }),
        Effect.flip
      )
      const next = (given.at(-1)?.seq ?? 0) + 1
      assert.deepInclude(error.reason, { _tag: "Missing", from: next })
    })
  )
})
