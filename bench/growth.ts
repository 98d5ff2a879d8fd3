import { join } from "node:path"
import { Effect, Layer, Stream } from "effect"
import type { Change } from "../src/domain/Change.ts"
import type { Incarnation } from "../src/domain/Log.ts"
import { makeRelation } from "../src/domain/Relation.ts"
import type { ArchivedChunk } from "../src/domain/Transaction.ts"
import { Archive } from "../src/log/Archive.ts"
import { SqliteArchive } from "../src/log/SqliteArchive.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"
import { temporaryFolder } from "./Backlog.ts"
import { type BenchCase, moreIsBetter, worstOf } from "./BenchResult.ts"

const perTransaction = 10
/** What capture hands over at once. */
const transactionsPerAppend = 50
/** So many changes at the end of each size are what is timed. */
const stretch = 100_000
const resolves = 500

const incarnation: Incarnation = {
  number: 1,
  systemIdentifier: "7300000000000000001",
  timeline: 1,
  database: "bench",
  slot: "bench",
  firstSeq: 1,
  startLsn: 0x100n,
  gap: null
}

const column = (name: string, key = false) => ({ name, typeOid: 25, typmod: -1, typeName: "", key })

/** Transaction `seq` of a history in which one is committed each millisecond, spread over all tables. */
const makeHistory = (tables: number) => {
  const relations = Array.from({ length: tables }, (_, i) =>
    makeRelation({
      schema: "public",
      name: `table_${i}`,
      identity: "default",
      columns: [column("id", true), column("customer"), column("amount"), column("note")]
    })
  )
  const change = (n: number): Change => {
    const relation = relations[(n * 7919) % tables]
    if (relation === undefined) throw new RangeError("there is no such table")
    const mixed = (Math.imul(n, 2654435761) >>> 0).toString(16)
    const row = [String(n), `customer ${mixed}`, `${n % 10_000}.50`, `note ${mixed} of ${n % 97}`]
    return n % 4 === 0
      ? { op: "update", relation, before: null, after: row }
      : { op: "insert", relation, after: row }
  }
  return (seq: number): ArchivedChunk => ({
    seq,
    incarnation: 1,
    firstOrdinal: 0,
    last: true,
    bytes: perTransaction * 80,
    commit: {
      xid: 700 + seq,
      commitLsn: 0x1000n + BigInt(seq) * 0x200n,
      endLsn: 0x1030n + BigInt(seq) * 0x200n,
      commitTime: seq * 1000,
      origin: null,
      count: perTransaction
    },
    changes: Array.from({ length: perTransaction }, (_, i) => change(seq * perTransaction + i))
  })
}

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(effect, () => (performance.now() - started) / 1000)
  })

/** How many a second at one size: appended and read over its last stretch, resolved all over the log. */
interface Rates {
  readonly size: number
  readonly append: number
  readonly read: number
  readonly resolve: number
}

/** One archive that grows from size to size. */
const grow = (tables: number, sizes: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const file = join(yield* temporaryFolder, "archive.sqlite")
    return yield* Effect.gen(function* () {
      const archive = yield* Archive
      yield* archive.beginIncarnation(incarnation)
      const transaction = makeHistory(tables)
      let seq = 1
      const appendUpTo = Effect.fnUntraced(function* (end: number) {
        let seconds = 0
        while (seq < end) {
          const count = Math.min(transactionsPerAppend, end - seq)
          const chunks = Array.from({ length: count }, (_, i) => transaction(seq + i))
          seconds += yield* timed(archive.append(chunks))
          seq += count
        }
        return seconds
      })
      const rates: Array<Rates> = []
      for (const size of sizes) {
        const end = size / perTransaction + 1
        const start = Math.max(seq, end - stretch / perTransaction)
        yield* appendUpTo(start)
        const append = yield* appendUpTo(end)
        const read = yield* timed(Stream.runDrain(archive.read({ seq: start, ordinal: 0 }, end)))
        const resolve = yield* timed(
          Effect.forEach(
            Array.from({ length: resolves }, (_, i) => (Math.imul(i, 2654435761) >>> 0) % (end * 1000)),
            (time) => archive.resolve({ _tag: "Time", time }),
            { discard: true }
          )
        )
        const changes = (end - start) * perTransaction
        rates.push({ size, append: changes / append, read: changes / read, resolve: resolves / resolve })
      }
      return rates
    }).pipe(
      Effect.provide(SqliteArchive.layer({ file, source: "bench" }).pipe(Layer.provide(ActorSystem.layer)))
    )
  }).pipe(Effect.scoped)

const what = ["append", "read", "resolve"] as const

/**
 * `npm run bench -- growth [CHANGES…]`: what the archive does a second when it holds so many changes, against what it
 * does at the first size; and with 1000 tables against one. A ratio of 1 is linear: the time for each stays the same.
 */
export const run = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sizes = args.length === 0 ? [100_000, 1_000_000] : args.map(Number)
    // The engine's compiler is warm then, whatever comes first.
    yield* grow(10, [stretch])
    const cases: Array<BenchCase> = []
    const first: Array<Rates> = []
    for (const tables of [1, 1000]) {
      const [base, ...larger] = yield* grow(tables, sizes)
      if (base === undefined) throw new Error("no size was given")
      first.push(base)
      for (const rates of larger) {
        for (const name of what) {
          const title = `${name}, ${tables} tables, at ${rates.size} changes against ${base.size}`
          cases.push(moreIsBetter(title, rates[name], base[name]))
        }
      }
    }
    const [one, thousand] = first
    if (one !== undefined && thousand !== undefined) {
      for (const name of what)
        cases.push(moreIsBetter(`${name}, 1000 tables against one`, thousand[name], one[name]))
    }
    return worstOf("growth", "a second", cases)
  }).pipe(Effect.runPromise)
