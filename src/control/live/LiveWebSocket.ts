import type { Duplex } from "node:stream"
import { WebSocket } from "@effect/platform-node/NodeWS"
import type { HttpServerRequest } from "effect/http"
import { windowBits } from "./DeflateBlocks.ts"
import type { EventsFrame, WireMessage } from "./EventsFrame.ts"

/** The head of a text message that is one frame (RFC 6455, 5.2): a server's is not masked. */
const headOf = (length: number, isPacked: boolean): Buffer => {
  const first = isPacked ? 0xc1 : 0x81
  if (length < 126) return Buffer.from([first, length])
  if (length < 65_536) return Buffer.from([first, 126, length >> 8, length & 255])
  const head = Buffer.alloc(10)
  head[0] = first
  head[1] = 127
  head.writeUIntBE(length, 4, 6)
  return head
}

const writeMessage = (raw: Duplex, { pieces, isPacked }: WireMessage): void => {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  // Into one write of the system.
  raw.cork()
  raw.write(headOf(length, isPacked))
  for (const piece of pieces) raw.write(piece)
  raw.uncork()
}

/** A frame on its way through the writer, which takes bytes: it has none of its own. */
export class SharedFrame extends Uint8Array {
  readonly raw: Duplex
  readonly frame: EventsFrame
  readonly readsPacked: boolean

  /** `raw` is the connection below the WebSocket. */
  constructor(raw: Duplex, frame: EventsFrame, readsPacked: boolean) {
    super(0)
    this.raw = raw
    this.frame = frame
    this.readsPacked = readsPacked
  }
}

/**
 * A WebSocket that writes shared frames itself, since the library copies, and would compress, each for each client. All
 * others are the library's: it writes a whole frame at once as well, so they never mix.
 */
export class LiveWebSocket extends WebSocket {
  override send(data: Parameters<WebSocket["send"]>[0], ...rest: ReadonlyArray<unknown>): void {
    if (!(data instanceof SharedFrame)) Reflect.apply(super.send, this, [data, ...rest])
    // After the end nothing may be sent (RFC 6455, 5.5.1): the library passes over what comes late, too.
    else if (this.readyState === this.OPEN) {
      writeMessage(data.raw, data.frame.message(data.readsPacked && this.extensions !== ""))
    }
  }
}

/** Whether what is compressed fits into the window that the client asks for, which is of 15 bits where it names none. */
export const readsPacked = ({ headers }: HttpServerRequest.HttpServerRequest): boolean => {
  const asked = (headers["sec-websocket-extensions"] ?? "").matchAll(/server_max_window_bits="?(\d+)/gu)
  return [...asked].every(([, bits]) => Number(bits) >= windowBits)
}

/** Compression is agreed on, for shared frames: the library itself compresses nothing. */
export const perMessageDeflate = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  threshold: Number.MAX_SAFE_INTEGER
}
