import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { Admin, Producer } from "@platformatic/kafka"
import { Effect, Redacted } from "effect"
import type { EmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import { makeTestKafka, type TestKafka } from "../test/servers/TestKafka.ts"
import { makeTestRedis, type TestRedis } from "../test/servers/TestRedis.ts"
import {
  type Backlog,
  copySlot,
  dropSlot,
  makeBacklog,
  makeBenchServer,
  runRecvlogical,
  session
} from "./Backlog.ts"
import { type BenchCase, median, moreIsBetter, worstOf } from "./BenchResult.ts"
import type { CaptureKafkaFigures, CaptureKafkaRun } from "./CaptureKafkaProcess.ts"
import { cpuOf } from "./CpuTime.ts"
import { checkTape, messagesOf, type RecordTape, readTape } from "./RecordTape.ts"

const partitions = 8
/** Records that the plain producer sends at once: what one append of capture has. */
const sendRecords = 5000

/** As Kafka's own start script runs it, with a smaller heap. */
const brokerFlags = ["-Xmx768m", "-Xms768m", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]

interface Bench {
  readonly postgres: EmbeddedPostgres
  readonly kafka: TestKafka
  readonly redis: TestRedis
  readonly capture: (run: CaptureKafkaRun) => Effect.Effect<CaptureKafkaFigures>
}

/** Microseconds of CPU, by who took them. */
type Costs = ReadonlyArray<readonly [who: string, micros: number]>

interface Run {
  readonly perSecond: number
  /** Per change. */
  readonly costs: Costs
}

const startCapture = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() =>
      fork(join(import.meta.dirname, "CaptureKafkaProcess.ts"), {
        execArgv: ["--disable-warning=ExperimentalWarning"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  ),
  (child) => {
    const ended = once(child, "exit").then((): never => {
      throw new Error("the capturing process has ended")
    })
    // Told to whoever waits for figures.
    ended.catch(() => undefined)
    return (run: CaptureKafkaRun) =>
      Effect.promise(async () => {
        child.send(run)
        const [figures] = await Promise.race([once(child, "message"), ended])
        // What the process of ours answers.
        return figures as CaptureKafkaFigures
      })
  }
)

/** How much each process took while `work` ran, beside what it tells itself. */
const measured = Effect.fnUntraced(function* <A>({ kafka, redis }: Bench, work: Effect.Effect<A>) {
  const before = [cpuOf(kafka.pid()), cpuOf(redis.pid())] as const
  const result = yield* work
  return { result, broker: cpuOf(kafka.pid()) - before[0], redis: cpuOf(redis.pid()) - before[1] }
})

const runOurs = Effect.fnUntraced(function* (
  bench: Bench,
  database: string,
  backlog: Backlog,
  topic: string,
  stages: boolean
) {
  const { postgres, kafka, redis, capture } = bench
  const source = yield* session(postgres, database)
  yield* copySlot(source, backlog, topic)
  const url = Redacted.value(postgres.url(database))
  const changes = backlog.changes + 1
  const run: CaptureKafkaRun = {
    url,
    slot: topic,
    end: backlog.end,
    changes,
    broker: kafka.broker,
    topic,
    compression: "lz4",
    redis: Redacted.value(redis.url),
    stages
  }
  const { result, ...servers } = yield* measured(bench, capture(run))
  yield* dropSlot(source, topic)
  yield* redis.use((client) => client.flushall())
  if (result.dropped > 0)
    console.log(`the live buffer did not keep up: ${result.dropped} changes did not reach it`)
  const costs: Costs = [
    ["walsender", result.walsender],
    ...result.stages.map(([stage, share]) => [`main thread, ${stage}`, share * result.main] as const),
    ["main thread", result.main],
    ["other threads", result.others],
    ["broker", servers.broker],
    ["Redis", servers.redis]
  ]
  return {
    perSecond: backlog.changes / result.seconds,
    costs: costs.map(([who, micros]) => [who, micros / changes] as const)
  } satisfies Run
}, Effect.scoped)

const withAdmin = <A>(broker: string, work: (admin: Admin) => Promise<A>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Admin({ clientId: "bench", bootstrapBrokers: [broker] })),
    (admin) => Effect.promise(() => work(admin)),
    (admin) => Effect.promise(() => admin.close())
  )

/** The same records by a producer that has them ready, one send outstanding. */
const runProducer = Effect.fnUntraced(function* (bench: Bench, tape: RecordTape, topic: string) {
  const { broker } = bench.kafka
  yield* withAdmin(broker, (admin) => admin.createTopics({ topics: [topic], partitions, replicas: 1 }))
  const producer = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new Producer<Buffer, Buffer, Buffer, Buffer>({
          clientId: "bench",
          bootstrapBrokers: [broker],
          idempotent: true,
          compression: "lz4"
        })
    ),
    (made) => Effect.promise(() => made.close())
  )
  const cpu = process.cpuUsage()
  const started = performance.now()
  const { broker: brokerCpu } = yield* measured(
    bench,
    Effect.promise(async () => {
      for (let from = 0; from < tape.records.length; from += sendRecords) {
        await producer.send({ messages: messagesOf(tape, from, from + sendRecords, topic) })
      }
    })
  )
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const costs: Costs = [
    ["producer", (user + system) / tape.records.length],
    ["broker", brokerCpu / tape.records.length]
  ]
  yield* withAdmin(broker, (admin) => admin.deleteTopics({ topics: [topic] }))
  return { perSecond: tape.records.length / seconds, costs } satisfies Run
}, Effect.scoped)

const say = (name: string, { perSecond, costs }: Run): void => {
  console.log(`${name}: ${Math.round(perSecond)} changes/s; microseconds of CPU a change:`)
  for (const [who, micros] of costs) console.log(`  ${micros.toFixed(2).padStart(6)}  ${who}`)
}

/** One size of transactions, all in turns. */
const runCase = Effect.fnUntraced(function* (
  bench: Bench,
  perTransaction: number,
  changes: number,
  rounds: number
) {
  const { broker } = bench.kafka
  const database = `tx${perTransaction}`
  const backlog = yield* makeBacklog(bench.postgres, database, changes, perTransaction)
  const forget = (topic: string) =>
    withAdmin(broker, (admin) => admin.deleteTopics({ topics: [topic, `${topic}.meta`] }))
  const capture = Effect.fnUntraced(function* (topic: string, stages: boolean) {
    const run = yield* runOurs(bench, database, backlog, topic, stages)
    const tape = yield* Effect.promise(() => readTape(broker, topic))
    checkTape(tape, changes + 1)
    yield* forget(topic)
    return { run, tape }
  })
  const { tape } = yield* capture(`${database}_warm`, false)
  yield* runProducer(bench, tape, `${database}_warm_producer`)
  const ours: Array<number> = []
  const received: Array<number> = []
  const produced: Array<Run> = []
  for (let round = 0; round < rounds; round++) {
    received.push(changes / (yield* runRecvlogical(bench.postgres, database, backlog)))
    ours.push((yield* capture(`${database}_${round}`, false)).run.perSecond)
    produced.push(yield* runProducer(bench, tape, `${database}_producer_${round}`))
  }
  say(`transactions of ${perTransaction}`, (yield* capture(`${database}_stages`, true)).run)
  const last = produced.at(-1)
  if (last !== undefined) say("the same records by a plain producer", last)
  const cases: ReadonlyArray<BenchCase> = [
    moreIsBetter(`transactions of ${perTransaction}, pg_recvlogical`, median(ours), median(received)),
    moreIsBetter(
      `transactions of ${perTransaction}, plain producer`,
      median(ours),
      median(produced.map(({ perSecond }) => perSecond))
    )
  ]
  return cases
})

/** `npm run bench -- capture-kafka [CHANGES] [ROUNDS]`: the same backlog into a real broker and Redis, in turns. */
export const run = ([changes = "300000", rounds = "3"]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const bench: Bench = {
      postgres: yield* makeBenchServer(),
      kafka: yield* makeTestKafka({ javaFlags: brokerFlags }),
      redis: yield* makeTestRedis(),
      capture: yield* startCapture
    }
    const cases: Array<BenchCase> = []
    for (const perTransaction of [1, 10, 1000]) {
      cases.push(...(yield* runCase(bench, perTransaction, Number(changes), Number(rounds))))
    }
    return worstOf("capture-kafka", "changes/s", cases)
  }).pipe(Effect.scoped, Effect.runPromise)
