import { constants, crc32, inflateRawSync } from "node:zlib"
import type { Message } from "./FrameReader.ts"

/** The events of a frame, looked at wholly. */
export interface Found {
  readonly events: number
  readonly first: string
  readonly last: string
  /** When the newest was committed, in milliseconds since 1970. */
  readonly newest: number
}

/** What is a client's own in a frame `events`. */
export interface EventsHead {
  readonly seq: number
  readonly dropped: number
}

const headShape = /^\{"type":"events","id":"a","seq":(\d+),"dropped":(\d+),"cursor":"[\w-]+","batch":\[/u
/** Enough for it. */
const headBytes = 200
const trailer = Buffer.from([0, 0, 255, 255])

const textOf = (body: Buffer, isPacked: boolean): string =>
  isPacked
    ? inflateRawSync(Buffer.concat([body, trailer]), { finishFlush: constants.Z_SYNC_FLUSH }).toString()
    : body.toString()

const wholly = (body: Buffer, isPacked: boolean): Found => {
  const text = textOf(body, isPacked)
  if (!text.endsWith("]}")) throw new Error("a frame has no end")
  const batch: ReadonlyArray<{ readonly position: string; readonly commit_time: string }> = JSON.parse(
    `[${text.slice(0, -1)}`
  )
  for (const [i, { position }] of batch.entries()) {
    if (position <= (batch[i - 1]?.position ?? "")) throw new Error(`${position} is out of order`)
  }
  const [first, last] = [batch[0], batch.at(-1)]
  if (first === undefined || last === undefined) throw new Error("a frame has no events")
  return {
    events: batch.length,
    first: first.position,
    last: last.position,
    newest: Date.parse(last.commit_time)
  }
}

/**
 * Looks into frames `events`: wholly at the first of its kind, and at others that they are of the same bytes, by length and
 * checksum. 200 clients are sent the same; taking each apart would take the machine from the server.
 */
export class EventFrames {
  readonly #found = new Map<string, Found>()

  /** Frames that were looked at wholly. */
  get kinds(): number {
    return this.#found.size
  }

  /** Undefined for a message that is none. */
  read({ payload, isPacked }: Message): { readonly head: EventsHead; readonly found: Found } | undefined {
    // Where it is compressed its head stands in a block that is not, behind five bytes.
    const skipped = isPacked ? 5 : 0
    const [head, seq, dropped] =
      headShape.exec(payload.toString("latin1", skipped, skipped + headBytes)) ?? []
    if (head === undefined) return undefined
    const body = payload.subarray(skipped + head.length)
    const key = `${isPacked} ${body.length} ${crc32(body)}`
    const found = this.#found.get(key) ?? wholly(body, isPacked)
    this.#found.set(key, found)
    return { head: { seq: Number(seq), dropped: Number(dropped) }, found }
  }
}
