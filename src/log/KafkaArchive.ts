import { Clock, Context, Effect, Layer } from "effect"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { Archive, type Bound } from "./Archive.ts"
import { coverageStream } from "./CoverageStream.ts"
import { followLog, followMeta } from "./kafka/Follower.ts"
import { Intervals } from "./kafka/Intervals.ts"
import { attempt, kafkaError } from "./kafka/KafkaFault.ts"
import { KafkaGauges } from "./kafka/KafkaGauges.ts"
import type { KafkaLog } from "./kafka/KafkaLog.ts"
import type { KafkaArchiveOptions } from "./kafka/KafkaOptions.ts"
import { KafkaWriter } from "./kafka/KafkaWriter.ts"
import { LogState } from "./kafka/LogState.ts"
import { readLog } from "./kafka/LogStream.ts"
import { MetaReader } from "./kafka/MetaReader.ts"
import { watchStarts } from "./kafka/Retention.ts"
import { Sender } from "./kafka/Sender.ts"
import { scanTail } from "./kafka/TailScan.ts"
import { metaTopic, openTopics } from "./kafka/Topics.ts"
import type { LogError } from "./LogError.ts"

/** What a batch may exceed its records by: its own head, and what compression adds where there is nothing to gain. */
const batchBytesOf = (maxMessageBytes: number): number => Math.floor(maxMessageBytes * 0.99) - 1024

/** A reading process asks each second, and an ingestor writes a mark. */
const silentAfterMs = 5000

/** The topics are the log of this source, or of none yet. */
const checkSource = Effect.fnUntraced(function* (
  { options, state }: KafkaLog,
  isEmpty: boolean
): Effect.fn.Return<void, LogError> {
  const { topic, source, role } = options
  const { meta } = state
  const conflict = (detail: string) => kafkaError({ _tag: "Conflict", seq: 0, detail })
  if (meta.source === source) return
  if (meta.source !== null) {
    return yield* conflict(`topic ${topic} is the log of source "${meta.source}", not of "${source}"`)
  }
  if (!isEmpty || meta.foreign > 0) {
    return yield* conflict(`topic ${topic} or ${metaTopic(topic)} holds records that are none of WalStream's`)
  }
  if (role === "reader") {
    return yield* kafkaError({ _tag: "Unavailable", detail: `no ingestor has begun topic ${topic} yet` })
  }
})

const open = Effect.fnUntraced(function* (options: KafkaArchiveOptions) {
  const { topic } = options
  const topics = yield* openTopics(options)
  const state = new LogState()
  state.found = topics.partitions
  const meta = yield* Effect.acquireRelease(
    Effect.sync(() => new MetaReader(options, state.meta)),
    (reader) => Effect.promise(() => reader.close())
  )
  const log: KafkaLog = { options, state, meta }
  yield* attempt(topic, () => meta.refresh())
  if (topics.partitions < state.meta.partitions) {
    const detail = `topic ${topic} has ${topics.partitions} partitions, the log was spread over ${state.meta.partitions}`
    return yield* kafkaError({ _tag: "Corrupt", detail: `${detail}: it was made anew` })
  }
  const tail = yield* attempt(topic, () => scanTail(log))
  yield* checkSource(
    log,
    tail.ends.every((end) => end === 0)
  )
  if (state.met.firstForeign !== null) {
    yield* Effect.logError(
      `topic ${topic} holds records that are none of WalStream's, first at ${state.met.firstForeign}: let nobody else write there`
    )
  }
  const intervals = new Intervals(log)
  if (state.firstSeq === 1 && state.nextSeq > 1) {
    const first = yield* intervals.row(1)
    if (first !== undefined) state.first = first
  }
  return { log, intervals, tail, maxMessageBytes: topics.maxMessageBytes }
})

const make = Effect.fnUntraced(function* (options: KafkaArchiveOptions) {
  const { log, intervals, tail, maxMessageBytes } = yield* open(options)
  const { state } = log
  state.heardAt = yield* Clock.currentTimeMillis
  const sender = yield* Effect.acquireRelease(
    Effect.sync(() => new Sender(options)),
    ({ close }) => close
  )
  const writer = new KafkaWriter({ log, intervals, sender, tail, batchBytes: batchBytesOf(maxMessageBytes) })
  const system = yield* ActorSystem
  // A broker may be away for long, and is looked for all the time.
  const supervisor = yield* Effect.acquireRelease(
    system.root.supervise({ name: "archive", intensity: "unlimited", backoff: reconnect }),
    () => system.root.stop("archive")
  ).pipe(Effect.orDie)
  const spawn = (name: string, run: Effect.Effect<never, LogError>) =>
    Effect.orDie(supervisor.spawn<never, LogError, never>({ name, run: () => run }))
  yield* spawn("retention", watchStarts(log, options.role === "writer" ? writer.forget : () => Effect.void))
  if (options.role === "writer") {
    if (state.lost === null) yield* writer.prepare(state.partitions)
  } else {
    yield* spawn("follower", followLog(log, intervals))
    yield* spawn("meta", followMeta(log))
  }
  const coverage = Effect.sync(() => state.coverage)

  const readOnly = Effect.suspend(() =>
    kafkaError({ _tag: "Conflict", seq: 0, detail: "this process only reads the archive" })
  )
  const writes =
    options.role === "writer"
      ? writer
      : {
          recover: readOnly,
          append: () => readOnly,
          writeMark: () => readOnly,
          beginIncarnation: () => readOnly
        }

  const resolve = (bound: Bound) =>
    Effect.suspend(() => {
      const { firstSeq, meta } = state
      if (bound._tag === "Time") return intervals.firstSeq(firstSeq, ({ logTime }) => logTime >= bound.time)
      const newest = meta.incarnations.at(-1)
      if (newest === undefined) return Effect.succeed(state.nextSeq)
      const { number } = newest
      return intervals.firstSeq(
        Math.max(firstSeq, newest.firstSeq),
        ({ incarnation, commit }) => incarnation === number && commit.commitLsn >= bound.lsn
      )
    }).pipe(Effect.map((seq) => Math.min(seq, state.nextSeq)))

  const volume = Effect.fnUntraced(function* (start: number, end: number) {
    const [from, until] = [Math.max(start, state.firstSeq), Math.min(end, state.nextSeq)]
    if (from >= until) return { transactions: 0, changes: 0, bytes: 0 }
    const before = yield* intervals.sumsBefore(from)
    const upTo = yield* intervals.sumsBefore(until)
    return {
      transactions: until - from,
      changes: upTo.changes - before.changes,
      bytes: upTo.bytes - before.bytes
    }
  })

  /** Since when a broker has not answered what is asked of it all the time. */
  const heardAt = (now: number) => (options.role === "writer" ? (sender.since ?? now) : state.heardAt)

  const archive = Archive.of({
    kind: "kafka",
    recover: writes.recover,
    append: writes.append,
    ...(options.role === "writer" ? { prepare: writer.encodeAhead } : {}),
    writeMark: writes.writeMark,
    beginIncarnation: writes.beginIncarnation,
    incarnations: Effect.sync(() => [...state.meta.incarnations]),
    read: (from, end, hints) => readLog(log, from, end, hints),
    coverage,
    reach: Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const silent = now - heardAt(now)
      if (silent < silentAfterMs) return Effect.void
      return kafkaError({ _tag: "Unavailable", detail: `no answer for ${Math.round(silent / 1000)} s` })
    }),
    coverageChanges: coverageStream(state.changed, coverage),
    resolve,
    volume
  })
  const gauges = {
    read: () => ({ waitsSince: sender.since, published: writer.published, passed: { ...state.met } })
  }
  return Context.make(Archive, archive).pipe(Context.add(KafkaGauges, gauges))
})

/**
 * The archive in a Kafka topic: one record per change, over partitions, with a compacted topic `<topic>.meta` beside
 * it for the mark, the schema versions and the incarnations. The service is there when the log's end is known.
 *
 * Fails with Unsuited when a setting of a topic would lose or wedge, or the broker refuses us; Conflict when the topic
 * is another source's; Corrupt when one of the two topics is gone; Unavailable when no broker answers.
 */
const layer = (options: KafkaArchiveOptions): Layer.Layer<Archive, LogError, ActorSystem> =>
  Layer.effectContext(make(options))

export const KafkaArchive = { layer }
