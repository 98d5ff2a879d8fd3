import { connect, type Socket } from "node:net"
import { Effect, Schema } from "effect"
import { ServerFrame } from "../../../src/control/api/LiveFrames.ts"
import { baseUrl } from "../TestApi.ts"

const decode = Schema.decodeUnknownSync(ServerFrame)

type Of<T extends ServerFrame["type"]> = Extract<ServerFrame, { readonly type: T }>

/** A WebSocket client that keeps all it is sent, and holds each frame against the contract. */
export interface LiveClient {
  readonly frames: Array<ServerFrame>
  readonly send: (frame: unknown) => void
  /** Waits until there are so many of this type. */
  readonly await: <T extends ServerFrame["type"]>(
    type: T,
    count?: number
  ) => Effect.Effect<ReadonlyArray<Of<T>>>
  /** Waits until so many events have come; all of them. */
  readonly events: (count: number) => Effect.Effect<ReadonlyArray<Of<"events">["batch"][number]>>
  readonly closed: Effect.Effect<number>
  readonly close: () => void
}

const patience = "15 seconds"

/** How the server answered a handshake that it refused. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {}) {}

/** Opens one; ends with the scope. `headers` as a program that is no browser may send them. */
export const openLive = Effect.fnUntraced(function* (
  query: string,
  headers: Readonly<Record<string, string>> = {}
) {
  const url = `${(yield* baseUrl).replace("http", "ws")}/api/v1/events/ws${query}`
  const frames: Array<ServerFrame> = []
  let code: number | undefined
  const waiting = new Set<() => void>()
  const look = () => {
    for (const each of waiting) each()
  }
  const socket = yield* Effect.acquireRelease(
    Effect.callback<WebSocket, Refused>((resume) => {
      // Node's own takes headers, which the DOM's type does not know.
      const made = new WebSocket(url, { headers } as never)
      made.addEventListener("open", () => resume(Effect.succeed(made)))
      made.addEventListener("error", () => resume(Effect.fail(new Refused())))
      made.addEventListener("message", ({ data }) => {
        frames.push(decode(JSON.parse(String(data))))
        look()
      })
      made.addEventListener("close", (event) => {
        code = event.code
        look()
      })
    }),
    (made) => Effect.sync(() => made.close())
  )
  const until = <A>(found: () => A | undefined, what: () => string): Effect.Effect<A> =>
    Effect.callback<A>((resume) => {
      const check = () => {
        const it = found()
        if (it === undefined) return
        waiting.delete(check)
        resume(Effect.succeed(it))
      }
      waiting.add(check)
      check()
      return Effect.sync(() => void waiting.delete(check))
    }).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.die(new Error(`${what()} not within ${patience}`))
      })
    )
  // What was filtered by its tag.
  const ofType = <T extends ServerFrame["type"]>(type: T) =>
    frames.filter((frame) => frame.type === type) as ReadonlyArray<ServerFrame> as ReadonlyArray<Of<T>>
  const client: LiveClient = {
    frames,
    send: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    await: (type, count = 1) =>
      until(
        () => (ofType(type).length >= count ? ofType(type) : undefined),
        () => `${count} of ${type}, but ${JSON.stringify(frames).slice(0, 2000)}`
      ),
    events: (count) =>
      until(
        () => {
          const all = ofType("events").flatMap(({ batch }) => batch)
          return all.length >= count ? all : undefined
        },
        () => `${count} events, but ${ofType("events").reduce((sum, { batch }) => sum + batch.length, 0)}`
      ),
    closed: until(
      () => code,
      () => "closed"
    ),
    close: () => socket.close()
  }
  return client
})

/** Subscribes to events and waits until it is. */
export const subscribed = Effect.fnUntraced(function* (
  query: string,
  subscription: Readonly<Record<string, unknown>> = {}
) {
  const client = yield* openLive(query)
  client.send({ type: "subscribe", id: "a", channel: "events", ...subscription })
  yield* client.await("subscribed")
  return client
})

/** A text frame from a client: masked, short. */
const clientFrame = (text: string): Buffer => {
  const body = Buffer.from(text)
  const head =
    body.length < 126 ? [0x81, 0x80 | body.length] : [0x81, 0x80 | 126, body.length >> 8, body.length & 255]
  // A mask of zeros leaves the body as it is.
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body])
}

/** A client that says what it wants and then reads nothing more; gives the plain connection. */
export const deafClient = Effect.fnUntraced(function* (query: string, frame: unknown) {
  const { hostname, port } = new URL(yield* baseUrl)
  return yield* Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const socket = connect(Number(port), hostname)
      socket.on("error", () => undefined)
      socket.write(
        `GET /api/v1/events/ws${query} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
      )
      let heard = ""
      const listen = (part: Buffer) => {
        const before = heard
        heard += part.toString("latin1")
        if (!before.includes("\r\n\r\n") && heard.includes("\r\n\r\n")) {
          socket.write(clientFrame(JSON.stringify(frame)))
        }
        if (!heard.includes('"subscribed"')) return
        socket.off("data", listen)
        socket.pause()
        resume(Effect.succeed(socket))
      }
      socket.on("data", listen)
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )
})

/** All that is left to read, as text, until the other side ends it. */
export const readToEnd = (socket: Socket): Effect.Effect<string> =>
  Effect.callback<string>((resume) => {
    const parts: Array<Buffer> = []
    socket.on("data", (part: Buffer) => parts.push(part))
    socket.on("close", () => resume(Effect.succeed(Buffer.concat(parts).toString("latin1"))))
    socket.resume()
  }).pipe(
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.die(new Error("the end not within 15 s"))
    })
  )
