import { Effect, Layer, Redacted, References, Schedule } from "effect"
import { IngestState } from "../src/ingest/IngestState.ts"
import { KafkaArchive } from "../src/log/KafkaArchive.ts"
import type { KafkaArchiveOptions } from "../src/log/kafka/KafkaOptions.ts"
import { LiveBufferRedis } from "../src/log/LiveBufferRedis.ts"
import { connectPg } from "../src/postgres/PgSession.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"
import { temporaryFolder } from "./Backlog.ts"
import { sampleStages } from "./CpuStages.ts"
import { cpuOf, threadCpu } from "./CpuTime.ts"
import { captured, ingestorLayer } from "./capture.ts"

/*
 * Capture into Kafka and Redis in a process of its own, as `npm run ingestor` has one: run after run, such that the
 * later ones are warm. Takes `CaptureKafkaRun`, answers with `CaptureKafkaFigures`.
 */

export interface CaptureKafkaRun {
  readonly url: string
  readonly slot: string
  /** The backlog's end. */
  readonly end: string
  /** How many changes the live buffer is to have got. */
  readonly changes: number
  readonly broker: string
  readonly topic: string
  readonly compression: NonNullable<KafkaArchiveOptions["compression"]>
  readonly redis: string
  /** Whether to tell what the main thread does; it takes time. */
  readonly stages: boolean
}

export interface CaptureKafkaFigures {
  /** From attaching until all is durable, in the live buffer, marked and confirmed. */
  readonly seconds: number
  /** Microseconds of CPU. */
  readonly main: number
  readonly others: number
  readonly walsender: number
  readonly stages: ReadonlyArray<readonly [stage: string, share: number]>
  /** Changes that the live buffer did not get, since it did not keep up. */
  readonly dropped: number
}

const stores = ({ broker, topic, compression, redis }: CaptureKafkaRun) =>
  Layer.unwrap(
    Effect.map(
      Layer.build(
        KafkaArchive.layer({ brokers: [broker], topic, source: "bench", role: "writer", compression })
      ),
      (archive) =>
        LiveBufferRedis.layer({
          url: Redacted.make(redis),
          key: topic,
          source: "bench",
          history: Effect.provideContext(LiveBufferRedis.historyOf, archive),
          maxChanges: 100_000,
          maxBytes: 268_435_456
        }).pipe(Layer.merge(Layer.succeedContext(archive)))
    )
  )

const walsenderCpu = Effect.fnUntraced(function* ({ url, slot }: CaptureKafkaRun) {
  const source = yield* connectPg({ url: Redacted.make(url), applicationName: "walstream-bench" })
  const [row] = yield* source.query(
    "SELECT active_pid::text AS pid FROM pg_replication_slots WHERE slot_name = $1",
    [slot]
  )
  return cpuOf(Number(row?.["pid"]))
}, Effect.scoped)

/** Until all is durable, and the live buffer was given all. */
const finished = Effect.fnUntraced(function* (given: CaptureKafkaRun) {
  yield* captured(given)
  const state = yield* IngestState
  const { liveDropped } = yield* state.figures.pipe(
    Effect.repeat({
      until: ({ liveChanges, liveDropped }) => liveChanges + liveDropped >= given.changes,
      schedule: Schedule.spaced("5 millis")
    })
  )

  return { dropped: liveDropped, walsender: yield* walsenderCpu(given) }
})

const run = Effect.fnUntraced(function* (given: CaptureKafkaRun) {
  const folder = yield* temporaryFolder
  // What is there before capture begins, as the files of pg_recvlogical are: topics, connections.
  const opened = yield* Layer.build(stores(given).pipe(Layer.provideMerge(ActorSystem.layer)))
  const stopSampling = given.stages ? yield* Effect.promise(sampleStages) : undefined
  const before = threadCpu()
  const started = performance.now()
  const rest = yield* Effect.scoped(
    Effect.flatMap(Layer.build(ingestorLayer(Redacted.make(given.url), given.slot, folder)), (context) =>
      Effect.provideContext(finished(given), context)
    )
  ).pipe(Effect.provideContext(opened))

  const seconds = (performance.now() - started) / 1000
  const after = threadCpu()
  const stages = stopSampling === undefined ? [] : [...(yield* Effect.promise(stopSampling))]
  const figures: CaptureKafkaFigures = {
    ...rest,
    seconds,
    main: after.main - before.main,
    others: after.others - before.others,
    stages
  }
  return figures
}, Effect.scoped)

process.on("message", (given: CaptureKafkaRun) => {
  Effect.runPromise(Effect.provideService(run(given), References.MinimumLogLevel, "Error")).then(
    (figures) => process.send?.(figures),
    (error: unknown) => {
      console.error(error)
      process.exitCode = 1
      process.disconnect()
    }
  )
})
