import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { Effect, type Redacted, Schedule } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { processMemory, sampleMemory } from "./ProcessMemory.ts"
import { follow, makeScene } from "./Scene.ts"

export interface LargeTransactionOptions {
  /** Of the one transaction that commits. */
  readonly rows: number
  /** Of one that is rolled back after it. */
  readonly aborted: number
  /** Whether PostgreSQL sends it while it runs, or all at once at its commit. */
  readonly streamed: boolean
}

/** What a process took to carry it; memory and disk in bytes. */
export interface LargeTransactionRun {
  /** Resident set before it began, the most of it from start to end, and a sample every half second. */
  readonly idle: number
  readonly peak: number
  readonly samples: ReadonlyArray<number>
  /** The most that was seen in the spill directory. */
  readonly spilled: number
  /** The files that were left there. */
  readonly leftovers: ReadonlyArray<string>
  /** From the INSERT's beginning until the target had all of it. */
  readonly seconds: number
  /** Transactions that the log has got: the large one and a small one behind it. */
  readonly transactions: number
}

const onSession = (url: Redacted.Redacted, sql: string) =>
  Effect.scoped(Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) => session.script(sql)))

const table =
  "CREATE TABLE public.large (id bigint PRIMARY KEY, name text, amount numeric(12,2), at timestamptz)"

const insert = (from: number, rows: number) =>
  `INSERT INTO public.large SELECT i, md5(i::text) || ' of a large transaction', i / 100.0,
     '2026-01-01'::timestamptz + i * interval '1 second' FROM generate_series(${from}, ${from + rows - 1}) i`

const bytesIn = async (directory: string): Promise<number> => {
  const names = await readdir(directory).catch(() => [])
  const sizes = names.map((name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0
    )
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/**
 * Sends one transaction of so many rows through the whole product, which runs as a process, into another database,
 * and one that is rolled back. Fails unless the two databases end equal.
 */
export const carryLargeTransaction = Effect.fnUntraced(function* (options: LargeTransactionOptions) {
  const { rows, aborted, streamed } = options
  const scene = yield* makeScene({
    settings: { logical_decoding_work_mem: streamed ? "64kB" : "4GB", max_wal_size: "8GB" },
    prepare: (url) => onSession(url, table)
  })
  const walstream = yield* scene.start
  const api = yield* walstream.ready
  const { id } = yield* follow(api)
  yield* onSession(scene.sourceUrl, insert(-1, 1))
  yield* scene.settled(api, id)
  const before = yield* api.source
  const { resident: idle } = yield* processMemory(walstream.pid)

  const samples = yield* sampleMemory(walstream.pid)
  const spillDirectory = join(scene.dataDir, "spill")
  let spilled = 0
  yield* Effect.promise(() => bytesIn(spillDirectory)).pipe(
    Effect.map((bytes) => {
      spilled = Math.max(spilled, bytes)
    }),
    Effect.repeat(Schedule.spaced("100 millis")),
    Effect.forkScoped
  )
  const started = performance.now()
  yield* onSession(scene.sourceUrl, insert(1, rows))
  if (aborted > 0) yield* onSession(scene.sourceUrl, `BEGIN; ${insert(rows + 1, aborted)}; ROLLBACK`)
  // Applied after all parts of the large one: a checkpoint in a large transaction does not say how much of it is done.
  yield* onSession(scene.sourceUrl, insert(0, 1))
  yield* scene.settled(api, id, { seconds: 600 })
  const seconds = (performance.now() - started) / 1000
  const { seq } = yield* api.source
  const { peak } = yield* processMemory(walstream.pid)
  yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
  const leftovers = yield* Effect.promise(() => readdir(spillDirectory))
  const run: LargeTransactionRun = {
    idle,
    peak,
    samples: [...samples],
    spilled,
    leftovers,
    seconds,
    transactions: seq - before.seq
  }
  yield* walstream.stop
  return run
}, Effect.scoped)
