import { connect } from "node:net"
import { EventFrames } from "./EventFrames.ts"
import { FrameReader, type Message } from "./FrameReader.ts"

export interface WatchersOptions {
  readonly url: string
  /** Sockets are spread over these: a user may have ten. */
  readonly tokens: ReadonlyArray<string>
  readonly count: number
  /** Whether they take `permessage-deflate`, as browsers do. */
  readonly isPacked: boolean
}

/** What one of them was sent. */
interface Watcher {
  events: number
  /** Events that the server told it left out. */
  dropped: number
  seq: number
  last: string
}

/** What those who watch were sent so far, all together. */
export interface Watched {
  bytes: number
  frames: number
  /** Sockets that the server closed, or that were lost. */
  lost: number
  /** Frames that were not as they should be. */
  wrong: number
  /** Transactions that the server said the live buffer does not hold any more. */
  missing: number
  /** Milliseconds from the commit of a frame's newest event to its arrival. */
  readonly millis: Array<number>
}

/** Masked with zeros, which leave it as it is; shorter than 126 bytes. */
const clientFrame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])

const openingOf = ({ host }: URL, token: string, isPacked: boolean): string =>
  `GET /api/v1/events/ws?token=${token} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
  `${isPacked ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : ""}\r\n`

const missingShape = /"code":"missing","from_seq":(\d+),"until_seq":(\d+)/u

/** All connections are read into it: what was read is looked at before the next read. */
const room = Buffer.allocUnsafe(256 * 1024)

/** Opens so many WebSockets that watch all events, on plain connections: a client library would take the machine from the server. */
export const openWatchers = async ({ url, tokens, count, isPacked }: WatchersOptions) => {
  const at = new URL(url)
  const watched: Watched = { bytes: 0, frames: 0, lost: 0, wrong: 0, missing: 0, millis: [] }
  const watchers: Array<Watcher> = []
  const frames = new EventFrames()

  const take = (watcher: Watcher, message: Message): void => {
    const read = frames.read(message)
    if (read === undefined) {
      const [, from, until] = missingShape.exec(message.payload.toString("latin1", 0, 200)) ?? []
      if (until !== undefined) watched.missing += Number(until) - Number(from)
      return
    }
    const { head, found } = read
    watched.frames += 1
    if (head.seq !== watcher.seq + 1 || found.first <= watcher.last) watched.wrong += 1
    watcher.seq = head.seq
    watcher.last = found.last
    watcher.events += found.events
    watcher.dropped += head.dropped
    watched.millis.push(Date.now() - found.newest)
  }

  const open = (i: number) =>
    new Promise<{ readonly close: () => void }>((resolve, reject) => {
      const watcher: Watcher = { events: 0, dropped: 0, seq: 0, last: "" }
      watchers.push(watcher)
      const reader = new FrameReader()
      let isAnswered = false
      let isOpen = false
      const onMessage = (message: Message) => {
        if (message.opcode === 1) take(watcher, message)
        if (!isOpen && message.payload.includes('"subscribed"')) {
          isOpen = true
          resolve({ close: () => socket.destroy() })
        }
      }
      const onPart = (length: number): boolean => {
        let part = room.subarray(0, length)
        if (!isAnswered) {
          const end = part.indexOf("\r\n\r\n")
          if (end < 0) return true
          isAnswered = true
          socket.write(clientFrame('{"type":"subscribe","id":"a","channel":"events"}'))
          part = part.subarray(end + 4)
        }
        watched.bytes += part.length
        reader.read(part, onMessage)
        return true
      }
      const socket = connect({
        host: at.hostname,
        port: Number(at.port),
        onread: { buffer: room, callback: onPart }
      })
      socket.once("error", reject)
      socket.once("close", () => {
        watched.lost += 1
      })
      socket.write(openingOf(at, tokens[i % tokens.length] ?? "", isPacked))
    })

  const sockets: Array<{ readonly close: () => void }> = []
  for (let i = 0; i < count; i++) sockets.push(await open(i))
  const sum = (of: "events" | "dropped") => watchers.reduce((total, each) => total + each[of], 0)
  return {
    watched,
    /** Of all together; `kinds` is how many of the frames were looked at wholly. */
    counted: () => ({ events: sum("events"), dropped: sum("dropped"), kinds: frames.kinds }),
    close: () => {
      for (const { close } of sockets) close()
    }
  }
}
