import { Context, Effect, Layer, Stream } from "effect"
import type { Change } from "../src/domain/Change.ts"
import { packChanges } from "../src/domain/PackedChanges.ts"
import { ArchivedPackedChunk } from "../src/domain/PackedChunk.ts"
import { makeRelation } from "../src/domain/Relation.ts"
import type { ArchivedChunk } from "../src/domain/Transaction.ts"
import { LiveBuffer } from "../src/log/LiveBuffer.ts"
import { LiveBufferRedis } from "../src/log/LiveBufferRedis.ts"
import { makeTestRedis, type TestRedis } from "../test/servers/TestRedis.ts"
import { type BenchCase, type BenchResult, moreIsBetter, worstOf } from "./BenchResult.ts"
import { cpuOf } from "./CpuTime.ts"

const column = (name: string, key = false) => ({ name, typeOid: 25, typmod: -1, typeName: "", key })
const relation = makeRelation({
  schema: "public",
  name: "orders",
  identity: "default",
  columns: [column("id", true), ..."abcdefg".split("").map((name) => column(name))]
})
const insert = (id: number): Change => ({
  op: "insert",
  relation,
  after: [String(id), ...Array.from({ length: 7 }, () => "x".repeat(45))]
})

/** Transactions of so many changes, cut and joined to batches of 500 changes as capture does. */
const batches = (perTransaction: number, total: number): ReadonlyArray<ReadonlyArray<ArchivedChunk>> => {
  const made: Array<Array<ArchivedChunk>> = []
  let batch: Array<ArchivedChunk> = []
  let held = 0
  for (let seq = 1; seq * perTransaction <= total; seq++) {
    const lsn = BigInt(seq * 1000)
    const commit = {
      xid: seq,
      commitLsn: lsn,
      endLsn: lsn + 48n,
      commitTime: 1_800_000_000_000_000 + seq,
      origin: null,
      count: perTransaction
    }
    for (let firstOrdinal = 0; firstOrdinal < perTransaction; firstOrdinal += 500) {
      const count = Math.min(500, perTransaction - firstOrdinal)
      const changes = Array.from({ length: count }, (_, i) => insert(seq * 1000 + i))
      const last = firstOrdinal + count === perTransaction
      const head = { seq, incarnation: 1, commit, firstOrdinal, last, bytes: count * 340 }
      batch.push(new ArchivedPackedChunk(head, packChanges(changes)))
      held += count
      if (held < 500) continue
      made.push(batch)
      batch = []
      held = 0
    }
  }
  return made
}

interface Cost {
  readonly perSecond: number
  readonly clientMicros: number
  readonly serverMicros: number
}

const measure = <E, R>(redis: TestRedis, changes: number, work: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const server = cpuOf(redis.pid())
    const client = process.cpuUsage()
    const begin = performance.now()
    yield* work
    const seconds = (performance.now() - begin) / 1000
    const { user, system } = process.cpuUsage(client)
    return {
      perSecond: changes / seconds,
      clientMicros: (user + system) / changes,
      serverMicros: (cpuOf(redis.pid()) - server) / changes
    } satisfies Cost
  })

const total = 200_000

const ours = (redis: TestRedis, perTransaction: number) =>
  Effect.gen(function* () {
    const options = {
      url: redis.url,
      key: `bench:${perTransaction}:${crypto.randomUUID()}`,
      source: "bench",
      history: Effect.succeed("bench"),
      deadline: 10_000,
      maxChanges: 100_000,
      maxBytes: 256 * 1024 * 1024
    }
    const buffer = Context.get(yield* Layer.build(LiveBufferRedis.layer(options)), LiveBuffer)
    const all = batches(perTransaction, total)
    const append = yield* measure(
      redis,
      total,
      Effect.forEach(all, (batch) => buffer.append(batch), { discard: true })
    )
    const { firstSeq, nextSeq } = yield* buffer.coverage
    const held = (nextSeq - firstSeq) * perTransaction
    const read = yield* measure(
      redis,
      held,
      Stream.runDrain(buffer.read({ seq: firstSeq, ordinal: 0 }, nextSeq))
    )
    return { append, read }
  })

/** What most do: an entry per change, 500 in a pipeline, trimmed about. */
const anchor = (redis: TestRedis) =>
  Effect.gen(function* () {
    const payload = "x".repeat(400)
    const work = redis.use(async (client) => {
      for (let sent = 0; sent < total; sent += 500) {
        const pipeline = client.pipeline()
        for (let i = 0; i < 500; i++) {
          pipeline.xadd(
            "anchor",
            "MAXLEN",
            "~",
            100_000,
            "*",
            "seq",
            sent + i,
            "table",
            "orders",
            "data",
            payload
          )
        }
        await pipeline.exec()
      }
    })
    return yield* measure(redis, total, work)
  })

const say = (name: string, { perSecond, clientMicros, serverMicros }: Cost): void =>
  console.log(
    `${name}: ${Math.round(perSecond)} changes/s, ${clientMicros.toFixed(2)} us here, ${serverMicros.toFixed(2)} us in Redis`
  )

/** Appending to the live buffer in Redis against an entry per change with the same client. */
export const run = (): Promise<BenchResult> =>
  Effect.gen(function* () {
    const redis = yield* makeTestRedis()
    yield* anchor(redis)
    const detail: Array<BenchCase> = []
    for (const perTransaction of [1, 10, 1000]) {
      const mine = yield* ours(redis, perTransaction)
      const theirs = yield* anchor(redis)
      say(`append, transactions of ${perTransaction}`, mine.append)
      say(`read, transactions of ${perTransaction}`, mine.read)
      say("an entry per change, pipelines of 500", theirs)
      detail.push(moreIsBetter(`transactions of ${perTransaction}`, mine.append.perSecond, theirs.perSecond))
    }
    return worstOf("redis", "changes/s", detail)
  }).pipe(Effect.scoped, Effect.runPromise)
