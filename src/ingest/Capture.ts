import { Effect, Redacted, type Scope, SubscriptionRef } from "effect"
import { parse } from "pg-connection-string"
import { formatLsn } from "../domain/Lsn.ts"
import { Archive, type ArchiveTail } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"
import { type Assembler, makeAssembler } from "./Assembler.ts"
import { type Attachment, attach } from "./Attach.ts"
import type { CoverageClock } from "./CoverageClock.ts"
import type { Decoder } from "./Decoder.ts"
import { type ExcludedColumns, noExcludedColumns } from "./ExcludedColumns.ts"
import { Frontier } from "./Frontier.ts"
import { Handoff } from "./Handoff.ts"
import { historyOf } from "./History.ts"
import { IngestState } from "./IngestState.ts"
import type { LiveQueue } from "./LiveQueue.ts"
import { type AcceptedGap, firstIncarnation, nextIncarnation, numberingStart } from "./Lives.ts"
import { makeMarkKeeper } from "./MarkKeeper.ts"
import { publish } from "./Publisher.ts"
import { PgoutputDecoder } from "./pgoutput/PgoutputDecoder.ts"
import { readLoop } from "./ReadLoop.ts"
import type { SequenceError } from "./SequenceError.ts"
import { Sequencer } from "./Sequencer.ts"
import type { CapturePlugin } from "./Slot.ts"
import { openSlotReader } from "./SlotReader.ts"
import { newestWriter, soleWriter } from "./SoleWriter.ts"
import { type SourceError, sourceError } from "./SourceError.ts"
import type { SpillError } from "./SpillError.ts"
import { startReplication } from "./StartReplication.ts"
import { statusClock } from "./StatusClock.ts"
import { Wal2JsonDecoder } from "./wal2json/Wal2JsonDecoder.ts"

export interface CaptureOptions {
  readonly url: Redacted.Redacted
  /** The source's name, given once. */
  readonly sourceId: string
  readonly slot: string
  readonly publication: string
  readonly plugin: CapturePlugin
  /** The slot was made for this history, before it: that it is there already means nothing. */
  readonly slotIsReady?: boolean
  readonly excluded?: ExcludedColumns
  readonly captureNewTables: "watch" | "trigger"
  /** Where transactions in progress go when memory is short. */
  readonly spillDirectory: string
  /** Estimate of the memory that transactions in progress may take; the assembler's default if not given. */
  readonly memoryBytes?: number
  /** Bytes that may wait at each of the two queues, as they were on the wire; in memory they are several times that. 2 MiB if not given. */
  readonly queueBytes?: number
}

/** What outlives a connection. */
export interface CaptureShared {
  readonly live: LiveQueue
  readonly coverage: CoverageClock
  /** A table came or was altered. */
  readonly newShape: Effect.Effect<void>
  /** The hole that a person let us go over, until that is done. */
  readonly accepted: { current: AcceptedGap | null }
}

export type CaptureError = SourceError | LogError | SpillError | SequenceError

const mebibyte = 1024 * 1024
/** What may wait between two turns of the reading fiber: objects of a larger heap would outlive their youth. */
const readAtOnce = 256 * 1024
/** One append: more makes an archive that syncs per append faster, less makes it answer sooner. */
const batch = { changes: 5000, bytes: 2 * mebibyte }

const makeDecoder = ({ plugin, excluded = noExcludedColumns }: CaptureOptions): Decoder =>
  plugin === "pgoutput" ? new PgoutputDecoder({ excluded }) : new Wal2JsonDecoder({ excluded })

/** The life of the source that this connection belongs to: begun now, where it is the first or follows a hole. */
const beginLife = Effect.fnUntraced(function* (
  { slot, sourceId, slotIsReady = false }: CaptureOptions,
  { accepted, coverage }: CaptureShared,
  tail: ArchiveTail,
  attachment: Attachment
) {
  const archive = yield* Archive
  const { startLsn } = attachment
  const before = tail.incarnations.at(-1)
  if (before === undefined) {
    const first = firstIncarnation(attachment, slot)
    yield* archive.beginIncarnation(first)
    yield* Effect.logInfo(`the history of source ${sourceId} begins at ${formatLsn(startLsn)}`)
    if (!attachment.isNew && !slotIsReady) {
      yield* Effect.logWarning(
        `slot ${slot} was there before this history: what it gave to another archive is not in this one. What to do: if there was one, stop now and name its place (DATA_DIR, or KAFKA_TOPIC)`
      )
    }
    return { incarnation: first, startLsn }
  }
  const acceptance = attachment.hole === null ? null : accepted.current
  if (acceptance === null && (attachment.hole !== null || !attachment.promoted)) {
    // What was accepted is not there any more: it must not be taken for a later hole.
    accepted.current = null
    return { incarnation: before, startLsn }
  }
  const next = yield* nextIncarnation(archive, tail, before, attachment, slot, acceptance)
  yield* archive.beginIncarnation(next)
  accepted.current = null
  coverage.restart()
  const begins = `life ${next.number} of source ${sourceId} begins at ${formatLsn(next.startLsn)}, transaction ${next.firstSeq}`
  yield* next.gap === null
    ? Effect.logInfo(
        `${begins}, on timeline ${next.timeline}: it has all that is in the log of timeline ${before.timeline}, nothing is missing`
      )
    : Effect.logWarning(`${begins}, after a hole: ${next.gap}`)
  return { incarnation: next, startLsn: next.startLsn }
})

/**
 * One connection's life: recovers where the archive ends, attaches, and then reads, assembles, publishes and marks
 * until something fails or a stop is asked for. An orderly stop publishes what is whole, writes the mark and tells
 * PostgreSQL; after any other end the next life finds out from mark and slot.
 */
export const capture: (
  options: CaptureOptions,
  shared: CaptureShared,
  stopping: Effect.Effect<void>
) => Effect.Effect<void, CaptureError, Archive | IngestState | Scope.Scope> = Effect.fnUntraced(
  function* (options, shared, stopping) {
    const archive = yield* Archive
    const state = yield* IngestState
    const { live, coverage } = shared
    yield* SubscriptionRef.set(state.phase, { _tag: "Attaching" })

    const tail = yield* archive.recover
    if (tail.mark !== null) {
      const { seq, endLsn } = tail.mark
      // Whether or not we get any further: this is what there is.
      state.update(() => ({ seq, frontier: endLsn }))
    }
    const history = historyOf(tail)
    const accepted = shared.accepted.current
    const attachment = yield* attach(options, history, accepted?.gap ?? null).pipe(
      // What looks like a hole may be what another ingestor has captured since.
      Effect.tapError(({ reason }) =>
        reason._tag === "Hole" || reason._tag === "SpillMissing" ? newestWriter(tail) : Effect.void
      )
    )
    const { incarnation, startLsn } = yield* beginLife(options, shared, tail, attachment)

    const start = numberingStart(tail, incarnation, startLsn)
    const sequencer = new Sequencer(start)
    const frontier = new Frontier(startLsn, start)
    const queueBytes = options.queueBytes ?? 2 * mebibyte
    const handoff = new Handoff({ waitingBytes: queueBytes, ...batch })
    let waitsForDisk = false
    const assembler = yield* makeAssembler({
      spillDirectory: options.spillDirectory,
      ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
      onFull: (error) => {
        waitsForDisk = true
        return Effect.andThen(
          Effect.logWarning(error.message),
          SubscriptionRef.set(state.phase, { _tag: "Blocked", message: error.message, fix: error.fix })
        )
      }
    })
    const assemble: Assembler["assemble"] = (messages, emit) =>
      Effect.tap(assembler.assemble(messages, emit), () => {
        if (!waitsForDisk) return Effect.void
        waitsForDisk = false
        return SubscriptionRef.set(state.phase, { _tag: "Capturing" })
      })
    const command = yield* Effect.mapError(
      startReplication({ ...attachment, startLsn }, options.slot, options.plugin),
      (error) => sourceError(options.sourceId, error)
    )
    const reader = yield* openSlotReader({
      url: options.url,
      sourceId: options.sourceId,
      slot: options.slot,
      command,
      startLsn,
      decoder: makeDecoder(options),
      highBytes: Math.min(queueBytes, readAtOnce),
      paced: !isUnixSocket(options.url)
    })
    yield* soleWriter(tail)
    const marks = yield* makeMarkKeeper({
      archive,
      frontier,
      reader,
      coverage,
      live,
      incarnation: incarnation.number,
      partitions: tail.mark?.partitions ?? 1,
      coverageTime: tail.mark?.coverageTime ?? 0
    })
    state.update(() => ({ seq: start.seq, frontier: startLsn, confirmed: startLsn }))
    state.probe(() => {
      const { gate, queuedBytes, receivedBytes, serverLsn } = reader.stats()
      const { openTransactions, spilledBytes } = assembler.stats()
      return {
        gate,
        queuedBytes,
        receivedBytes,
        serverLsn,
        openTransactions,
        spilledBytes,
        handoffBytes: handoff.bytes,
        liveDropped: live.droppedChanges
      }
    })
    yield* SubscriptionRef.set(state.phase, { _tag: "Capturing" })
    yield* Effect.logInfo(`capturing source ${options.sourceId} from ${formatLsn(startLsn)}`)

    const reading = readLoop(reader, { assemble }, handoff, shared.newShape).pipe(
      Effect.raceFirst(stopping),
      Effect.andThen(handoff.end)
    )
    yield* Effect.all([reading, publish({ archive, sequencer, frontier, handoff, live })], {
      concurrency: "unbounded",
      discard: true
    }).pipe(Effect.raceFirst(marks.run), Effect.raceFirst(statusClock(reader, options.sourceId)))

    yield* marks.write
    reader.sendStatus(false)
  }
)

const isUnixSocket = (url: Redacted.Redacted): boolean =>
  parse(Redacted.value(url)).host?.startsWith("/") ?? false
