import type { EventEmitter } from "node:events"
import type { Socket } from "node:net"
import { Cause, Clock, Deferred, Effect, type Redacted, type Scope } from "effect"
import type pg from "pg"
import { LogicalReplicationService } from "pg-logical-replication"
import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import { clientConfig, pinScript } from "../postgres/PgSession.ts"
import { PostgresError } from "../postgres/PostgresError.ts"
import { errorText } from "../runtime/ErrorText.ts"
import { CopyFrames } from "./CopyFrames.ts"
import { DecodeError } from "./DecodeError.ts"
import type { Decoder } from "./Decoder.ts"
import { Gate, type GateReason } from "./Gate.ts"
import { Inbox } from "./Inbox.ts"
import { Pacer } from "./Pacer.ts"
import type { Received } from "./Received.ts"
import { replicationFailure } from "./ReplicationFailure.ts"
import type { ReplicationMessage } from "./ReplicationMessage.ts"
import { type SourceError, sourceError } from "./SourceError.ts"
import { applicationName, calmScript } from "./SourceSession.ts"
import { standbyStatus } from "./StandbyStatus.ts"

export interface SlotReaderOptions {
  readonly url: Redacted.Redacted
  readonly sourceId: string
  readonly slot: string
  /** The whole command, made by `startReplication`. */
  readonly command: string
  readonly startLsn: Lsn
  readonly decoder: Decoder
  /** Bytes that may wait here before the socket is paused. */
  readonly highBytes: number
  /** False over a Unix socket, where pacing costs. */
  readonly paced: boolean
}

/** What the connection has done so far. */
export interface SlotReaderStats {
  readonly receivedBytes: number
  readonly messages: number
  readonly queuedBytes: number
  readonly gate: ReadonlyArray<GateReason>
  /** The newest position that the server told. */
  readonly serverLsn: Lsn
}

/** A slot that is being read: closed with its scope. */
export interface SlotReader {
  /** All that arrived since the last time, in order; waits while there is nothing. Ends with an error only. */
  readonly take: Effect.Effect<ReadonlyArray<Received>, SourceError>
  /** The end of the last commit up to which everything is durable: what every status says from now on. */
  readonly confirm: (lsn: Lsn) => void
  /** Sends a status now. Works whether or not the socket is paused. */
  readonly sendStatus: (reply: boolean) => void
  readonly stats: () => SlotReaderStats
}

/** The driver's connection: not declared by its types. */
interface Connection extends EventEmitter {
  readonly stream: Socket
  readonly sendCopyFromChunk: (chunk: Buffer) => void
}

// The bytes that name the messages inside of CopyData, and where their parts are.
const xlogData = 0x77 // 'w', start, end, time, then the plugin's message
const keepalive = 0x6b // 'k', end, time, whether a reply is wanted
const payloadAt = 25
const replyAt = 17

// The package does not export its base class: any object of its shape will do.
type Plugin = Parameters<LogicalReplicationService["subscribe"]>[0]

/** How long an orderly end may take before the socket is cut. */
const farewell = "2 seconds"

/** Reads until the server has closed, so that it has seen our last status: cutting earlier may lose it. */
const close = (service: LogicalReplicationService, connection: () => Connection | undefined) =>
  Effect.tryPromise(async () => {
    connection()?.stream.removeAllListeners("data").resume()
    await service.destroy()
  }).pipe(
    Effect.timeoutOption(farewell),
    Effect.ignore,
    Effect.ensuring(Effect.sync(() => connection()?.stream.destroy()))
  )

/**
 * Opens a replication connection and starts the slot. The package is used as a transport only: its own
 * acknowledgement moves the slot one byte too far, and the time it reads in a keepalive is a week off. Messages are
 * decoded where they lie in what the socket read.
 */
export const openSlotReader: (
  options: SlotReaderOptions
) => Effect.Effect<SlotReader, SourceError, Scope.Scope> = Effect.fnUntraced(function* (options) {
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  const { decoder, highBytes, sourceId, slot } = options
  let connection: Connection | undefined
  let gate: Gate | undefined
  let confirmed = options.startLsn
  let serverLsn = options.startLsn
  let messages = 0
  let broken = false

  const started = yield* Deferred.make<void, SourceError>()
  const inbox = new Inbox<Received, SourceError>(() => gate?.open("backpressure"))
  const fail = (error: SourceError) => {
    broken = true
    Deferred.doneUnsafe(started, Effect.fail(error))
    inbox.fail(error)
  }
  const failWith = (cause: unknown) =>
    fail(sourceError(sourceId, replicationFailure(slot, confirmed, PostgresError.from(cause))))
  const sendStatus = (reply: boolean) => {
    if (connection?.stream.writable === true)
      connection.sendCopyFromChunk(standbyStatus(confirmed, now(), reply))
  }

  const pacer = new Pacer(performance.now())
  const arrived = (bytes: number) => {
    messages++
    inbox.added(bytes)
    if (inbox.bytes > highBytes) gate?.close("backpressure")
  }
  const pace = (read: Buffer) => {
    if (!pacer.shouldRest(read.length, performance.now())) return
    gate?.close("pace")
    setTimeout(() => gate?.open("pace"), 1)
  }

  const receive = (bytes: Buffer, start: number, end: number) => {
    if (broken) return
    try {
      if (bytes[start] === xlogData) {
        // An array that takes more than the decoder gives: it only appends.
        decoder.decode(bytes, inbox.items as Array<ReplicationMessage>, start + payloadAt, end)
        arrived(end - start)
      } else if (bytes[start] === keepalive) {
        serverLsn = bytes.readBigUInt64BE(start + 1)
        if (bytes[start + replyAt] === 1) sendStatus(false)
        inbox.items.push({ _tag: "Keepalive", lsn: serverLsn })
        inbox.added(0)
      }
    } catch (cause) {
      const detail =
        cause instanceof DecodeError ? cause.message : `the decoder failed: ${errorText(Cause.die(cause))}`
      fail(sourceError(sourceId, { _tag: "Undecodable", detail }))
    }
  }
  /** The driver would make an object and a view of each message: it reads only those that are no CopyData. */
  const readBefore = (stream: Socket) => {
    const driver = stream.listeners("data")
    const frames = new CopyFrames(receive, (message) => {
      for (const listener of driver) listener.call(stream, message)
    })
    stream.removeAllListeners("data").on("data", (read: Buffer) => {
      frames.push(read)
      if (options.paced) pace(read)
    })
  }

  const service = new LogicalReplicationService(
    clientConfig({ url: options.url, applicationName: applicationName(sourceId, "slot") }),
    { acknowledge: { auto: false, timeoutSeconds: 0 } }
  )
  const plugin: Plugin = {
    name: "walstream",
    options: {},
    start: async (client: pg.Client) => {
      // The types leave out the client's connection, which the package itself uses in the same way.
      connection = (client as unknown as { readonly connection: Connection }).connection
      gate = new Gate(connection.stream)
      await client.query(pinScript)
      await client.query(calmScript)
      readBefore(connection.stream)
      return client.query(options.command)
    },
    parse: (message: Buffer) => message
  }

  service.on("start", () => {
    Deferred.doneUnsafe(started, Effect.void)
  })
  service.on("error", failWith)

  yield* Effect.acquireRelease(
    Effect.sync(() => {
      service
        .subscribe(plugin, slot, formatLsn(options.startLsn))
        .then(() => failWith({ code: "57P01", message: "the server ended the stream" }), failWith)
    }),
    () => close(service, () => connection)
  )
  yield* Deferred.await(started)

  return {
    take: inbox.take,
    confirm: (lsn) => {
      if (lsn > confirmed) confirmed = lsn
    },
    sendStatus,
    stats: () => ({
      receivedBytes: connection?.stream.bytesRead ?? 0,
      messages,
      queuedBytes: inbox.bytes,
      gate: gate?.reasons ?? [],
      serverLsn
    })
  }
})
