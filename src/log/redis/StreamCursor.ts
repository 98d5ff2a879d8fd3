import type { SeqRange } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { isBefore, positionAfter, sliceChunk } from "../ChunkSlice.ts"
import type { Decoded, DecodedPage } from "./StreamDecoder.ts"
import type { PageRequest } from "./StreamLook.ts"
import { coverageOf, type Segment, type Sight, type StreamState } from "./StreamState.ts"

/** What a look means for who reads from a position on. */
export type CursorStep =
  | { readonly _tag: "Chunks"; readonly chunks: ReadonlyArray<ArchivedChunk> }
  | { readonly _tag: "End" }
  /** Look at the next page. */
  | { readonly _tag: "Again" }
  /** Nothing yet: until there is an entry after this id. */
  | { readonly _tag: "Wait"; readonly after: string }
  | { readonly _tag: "Missing"; readonly from: number; readonly until: number }
  /** An entry that is there and should not be, or cannot be read. */
  | { readonly _tag: "Broken"; readonly id: string }

const pageChanges = 500
const pageBytes = 1_000_000

/** As many entries as about a page has, by what entries hold on average. */
export const entriesOf = (changes: number, state: StreamState): number => {
  const { entries } = state
  if (entries === 0) return pageChanges
  const fit = Math.min((entries * changes) / state.changes, (entries * pageBytes) / state.bytes)
  return Math.min(Math.max(Math.ceil(fit), 1), pageChanges)
}

/** A reader's place in the stream. Plain state: is shown what Redis has, and says what to do. */
export class StreamCursor {
  #position: Position
  readonly #end: SeqRange["end"]
  /** Where in the stream to go on; null when that is not known. */
  #from: string | null = null
  /** Nothing was found there yet. */
  #fresh = false
  #count = 1
  /** What was once covered and is no more will not come back. */
  #seen = 0

  constructor(from: Position, end: SeqRange["end"]) {
    this.#position = from.seq < 1 ? { seq: 1, ordinal: 0 } : from
    this.#end = end
  }

  /** The page to look at next; null before `place`. */
  get request(): PageRequest | null {
    return this.#from === null ? null : { range: ["XRANGE", this.#from, "+"], count: this.#count }
  }

  /** Whether it has something to read. */
  isBehind(sight: Exclude<Sight, { _tag: "Foreign" }>): boolean {
    const { seq } = this.#position
    return sight._tag === "Held" && seq >= sight.state.first_seq && seq < sight.state.next_seq
  }

  take(sight: Exclude<Sight, { _tag: "Foreign" }>, length: number, page: DecodedPage): CursorStep {
    const { firstSeq, nextSeq } = coverageOf(sight)
    const { seq } = this.#position
    const stop = this.#end ?? Number.POSITIVE_INFINITY
    this.#seen = Math.max(this.#seen, nextSeq)
    if (seq >= stop) return { _tag: "End" }
    if (seq < firstSeq) return this.#missing(firstSeq)
    if (seq >= nextSeq) {
      if (seq < this.#seen) return this.#missing(this.#seen)
      if (sight._tag === "Empty") return { _tag: "Wait", after: length === 0 ? "0-0" : "$" }
      const { open, last_id } = sight.state
      this.#from = open === null ? `(${last_id}` : open.id
      return { _tag: "Wait", after: last_id }
    }
    if (sight._tag === "Empty" || this.#from === null) return { _tag: "Again" }
    this.#count = entriesOf(pageChanges, sight.state)
    return this.#read(page, Math.min(stop, nextSeq))
  }

  /** Finds the place by the segments: the last one that begins at or before the position. */
  place(state: StreamState, older: ReadonlyArray<Segment>): void {
    let from = "-"
    for (const segment of [...older, state.tail, state.open]) {
      if (segment !== null && segment.seq <= this.#position.seq) from = segment.id
    }
    this.#from = from
    this.#fresh = true
    this.#count = entriesOf(pageChanges, state)
  }

  #missing(until: number): CursorStep {
    const from = this.#position.seq
    return { _tag: "Missing", from, until: Math.min(until, this.#end ?? until) }
  }

  #read({ entries, broken }: DecodedPage, stop: number): CursorStep {
    const chunks: Array<ArchivedChunk> = []
    for (const { id, chunk } of entries) {
      if (chunk.seq >= stop) break
      const part = this.#partOf(chunk)
      if (part === "broken") return chunks.length > 0 ? { _tag: "Chunks", chunks } : { _tag: "Broken", id }
      this.#from = `(${id}`
      this.#fresh = false
      if (part !== null) chunks.push(part)
    }
    if (chunks.length > 0) return { _tag: "Chunks", chunks }
    if (entries.length > 0) return { _tag: "Again" }
    if (broken !== null) return { _tag: "Broken", id: broken }
    // The books say that it is there: perhaps they were begun anew with other ids.
    if (this.#fresh) return this.#missing(stop)
    this.#from = null
    return { _tag: "Again" }
  }

  /** What of it is wanted; null for nothing. */
  #partOf(chunk: Decoded["chunk"]): ArchivedChunk | "broken" | null {
    const { seq, ordinal } = this.#position
    if (isBefore(chunk, this.#position)) {
      // The position was beyond the last change of its transaction.
      if (chunk.seq === seq && chunk.last) this.#position = { seq: seq + 1, ordinal: 0 }
      return null
    }
    if (chunk.seq !== seq || chunk.firstOrdinal > ordinal) return "broken"
    const part = sliceChunk(chunk, ordinal)
    this.#position = positionAfter(part)
    return part
  }
}
