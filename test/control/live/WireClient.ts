import { connect, type Socket } from "node:net"
import { Effect } from "effect"
import { baseUrl } from "../TestApi.ts"

/** A frame as it comes over the wire. */
export interface WireFrame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly isPacked: boolean
  readonly payload: Buffer
}

/** All whole frames, and what is left behind them. */
export const framesOf = (bytes: Buffer): { readonly frames: Array<WireFrame>; readonly rest: Buffer } => {
  const frames: Array<WireFrame> = []
  let at = 0
  for (;;) {
    const [first, second] = [bytes[at], bytes[at + 1]]
    if (first === undefined || second === undefined) break
    const head = second < 126 ? 2 : second === 126 ? 4 : 10
    if (bytes.length < at + head) break
    const length =
      head === 2 ? second : head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (bytes.length < at + head + length) break
    const payload = bytes.subarray(at + head, at + head + length)
    frames.push({ opcode: first & 15, isFinal: first >= 128, isPacked: (first & 64) !== 0, payload })
    at += head + length
  }
  return { frames, rest: bytes.subarray(at) }
}

/** Of a client, masked with zeros, which leave it as it is; shorter than 126 bytes. */
export const clientFrame = (opcode: number, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload])

/** What is subscribed to, with a client's own hands: `bytes` is all that came behind the answer to the handshake. */
export const openWire = Effect.fnUntraced(function* (query: string, extensions?: string) {
  const { hostname, port } = new URL(yield* baseUrl)
  let bytes: Buffer = Buffer.alloc(0)
  let answer = ""
  const waiting = new Set<() => void>()
  const socket = yield* Effect.acquireRelease(
    Effect.callback<Socket>((resume) => {
      const made = connect(Number(port), hostname)
      made.on("error", () => undefined)
      made.write(
        `GET /api/v1/events/ws${query} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
          `${extensions === undefined ? "" : `Sec-WebSocket-Extensions: ${extensions}\r\n`}\r\n`
      )
      made.on("data", (part: Buffer) => {
        bytes = Buffer.concat([bytes, part])
        const end = bytes.indexOf("\r\n\r\n")
        if (answer === "" && end >= 0) {
          answer = bytes.toString("latin1", 0, end)
          bytes = bytes.subarray(end + 4)
          resume(Effect.succeed(made))
        }
        for (const look of waiting) look()
      })
      made.on("close", () => {
        for (const look of waiting) look()
      })
    }),
    (made) => Effect.sync(() => made.destroy())
  )
  const until = (holds: () => boolean, what: string) =>
    Effect.callback<void>((resume) => {
      const look = () => {
        if (!holds()) return
        waiting.delete(look)
        resume(Effect.void)
      }
      waiting.add(look)
      look()
      return Effect.sync(() => void waiting.delete(look))
    }).pipe(
      Effect.timeoutOrElse({
        duration: "15 seconds",
        orElse: () => Effect.die(new Error(`${what} not within 15 s`))
      })
    )
  const frames = () => framesOf(bytes).frames
  socket.write(clientFrame(1, Buffer.from('{"type":"subscribe","id":"a","channel":"events"}')))
  yield* until(() => frames().some(({ payload }) => payload.includes("subscribed")), "subscribed")
  return { socket, answer, bytes: () => bytes, frames, until }
})
