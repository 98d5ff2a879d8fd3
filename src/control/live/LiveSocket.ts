import type { Duplex } from "node:stream"
import { Array as Arr, Clock, Effect, Exit, Result, Schema, Scope } from "effect"
import { Socket } from "effect/socket"
import { Wakeup } from "../../log/Wakeup.ts"
import { fieldErrors, fieldErrorText } from "../api/FieldErrors.ts"
import { ClientFrame, closeCodes, type ServerFrame } from "../api/LiveFrames.ts"
import type { EventsFrame } from "./EventsFrame.ts"
import { frameText } from "./FrameText.ts"
import type { LiveChannels, NotSubscribed, TakeFrame } from "./LiveChannels.ts"
import { SharedFrame } from "./LiveWebSocket.ts"
import { farewell, hasRoom } from "./SlowClient.ts"

export interface LiveSocketOptions {
  readonly channels: LiveChannels["Service"]
  /** Completes with why the server ends it. */
  readonly ended: Effect.Effect<keyof typeof closeCodes>
  /** Milliseconds between two heartbeats. */
  readonly heartbeatMillis: number
  /** Milliseconds that a client may take nothing of what was sent, before it is let go of. */
  readonly slowMillis: number
  /** Whether the client's window is large enough for what is compressed for all. */
  readonly readsPacked: boolean
}

/** Subscriptions of one socket. */
const mostSubscriptions = 16
/** Answers that may wait while the client asks for more. */
const mostAnswers = 64

/** Bytes of frames that are written together, as long as there are any; compressed they are fewer. */
const atOnce = 256 * 1024

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(ClientFrame), {
  errors: "all",
  onExcessProperty: "error"
})

const reasons: { readonly [R in keyof typeof closeCodes]: string } = {
  expired: "the login has expired",
  forbidden: "the login does not allow this any more",
  slow: "too slow",
  restart: "the server stops"
}

/**
 * Serves one WebSocket until either side ends it. `raw` is the connection below it: what is not taken there stays in the
 * subscriptions' own bounded buffers.
 */
export const serveSocket = Effect.fnUntraced(function* (
  socket: Socket.Socket,
  raw: Duplex,
  { channels, ended, heartbeatMillis, slowMillis, readsPacked }: LiveSocketOptions
) {
  const writer = yield* socket.writer
  const scope = yield* Effect.scope
  // Only now the handshake is answered.
  const pull = yield* Socket.readerString(socket)

  const bell = new Wakeup()
  const sent = new Wakeup()
  const wake = () => bell.notify()
  const answers: Array<string> = []
  const open = new Map<string, { readonly take: TakeFrame; readonly scope: Scope.Closeable }>()
  let turn = 0

  const say = (frame: ServerFrame) =>
    Effect.sync(() => {
      answers.push(frameText(frame))
      wake()
    })
  const refuse = (
    id: string | null,
    code: Extract<ServerFrame, { type: "error" }>["code"],
    message: string
  ) => say({ type: "error", id, code, message })

  /** Subscriptions take turns. */
  const next = (): string | EventsFrame | undefined => {
    const answer = answers.shift()
    if (answer !== undefined) return answer
    const all = [...open.values()]
    for (let i = 0; i < all.length; i++) {
      const frame = all[(turn + i) % all.length]?.take()
      if (frame === undefined) continue
      turn = (turn + i + 1) % all.length
      return frame
    }
    return undefined
  }

  /** What goes out at once. */
  const several = (): ReadonlyArray<string | SharedFrame> => {
    const frames: Array<string | SharedFrame> = []
    for (let bytes = 0; bytes < atOnce; ) {
      const frame = next()
      if (frame === undefined) break
      frames.push(typeof frame === "string" ? frame : new SharedFrame(raw, frame, readsPacked))
      bytes += typeof frame === "string" ? frame.length : frame.bytes
    }
    return frames
  }

  const subscribe = Effect.fnUntraced(function* (asked: Extract<ClientFrame, { type: "subscribe" }>) {
    const { id, channel } = asked
    if (open.has(id)) return yield* refuse(id, "id_taken", "there is a subscription of this id")
    if (open.size >= mostSubscriptions) {
      return yield* refuse(id, "too_many_subscriptions", `a socket has at most ${mostSubscriptions}`)
    }
    const own = yield* Scope.fork(scope)
    yield* channels.open(asked, wake).pipe(
      Effect.provideService(Scope.Scope, own),
      Effect.flatMap((take) => {
        open.set(id, { take, scope: own })
        return say({ type: "subscribed", id, channel })
      }),
      Effect.catchTag("NotSubscribed", ({ code, detail }: NotSubscribed) =>
        Effect.andThen(Scope.close(own, Exit.void), refuse(id, code, detail))
      )
    )
    wake()
  })

  const handle = Effect.fnUntraced(function* (text: string) {
    const frame = decode(text)
    if (Result.isFailure(frame)) {
      return yield* refuse(null, "invalid_frame", fieldErrorText(fieldErrors(frame.failure)))
    }
    if (frame.success.type === "subscribe") return yield* subscribe(frame.success)
    const { id } = frame.success
    const known = open.get(id)
    open.delete(id)
    if (known !== undefined) yield* Scope.close(known.scope, Exit.void)
  })

  const listen = pull.pipe(
    Effect.flatMap((texts) =>
      Effect.forEach(
        texts,
        (text) =>
          Effect.gen(function* () {
            for (;;) {
              const { next: later } = sent
              if (answers.length < mostAnswers) break
              yield* later
            }
            yield* handle(text)
          }),
        { discard: true }
      )
    ),
    Effect.forever,
    // However the client went.
    Effect.catchTag("SocketError", () => Effect.succeed(null))
  )

  const pump = Effect.gen(function* () {
    for (;;) {
      const { next: rung } = bell
      for (;;) {
        if (!(yield* hasRoom(raw, slowMillis))) return "slow" as const
        const frames = several()
        if (!Arr.isReadonlyArrayNonEmpty(frames)) break
        // Into one write of the system, each of which costs as much as a frame.
        raw.cork()
        yield* Effect.ensuring(
          writer.writeAll(frames),
          Effect.sync(() => raw.uncork())
        )
        sent.notify()
      }
      yield* rung
    }
  }).pipe(Effect.catchTag("SocketError", () => Effect.succeed(null)))

  const beat = Effect.sleep(heartbeatMillis).pipe(
    Effect.andThen(Clock.currentTimeMillis),
    Effect.flatMap((now) => say({ type: "heartbeat", time: new Date(now).toISOString() })),
    Effect.forever
  )

  const end = yield* Effect.raceAllFirst([listen, pump, beat, ended])
  if (end === null) return
  const last = new Socket.CloseEvent(closeCodes[end], reasons[end])
  yield* writer
    .write(last)
    .pipe(Effect.andThen(Effect.forever(pull)), Effect.ignore, Effect.timeoutOption(farewell))
  // Whoever does not answer to that is not waited for.
  yield* Effect.sync(() => raw.destroy())
})
