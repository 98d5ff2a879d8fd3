import { Option, Schema } from "effect"
import type { Coverage } from "../../domain/Log.ts"

/** Whole transactions that lie beside each other in the stream and leave it together. */
const Segment = Schema.Struct({
  /** The first transaction's seq, commit time and entry. */
  seq: Schema.Int,
  time: Schema.Int,
  id: Schema.String,
  entries: Schema.Int,
  changes: Schema.Int,
  bytes: Schema.Int
})
export type Segment = typeof Segment.Type

/** What is said about the stream, in the hash beside it: field `state`, as JSON. */
const StreamState = Schema.Struct({
  version: Schema.Literal(1),
  source: Schema.String,
  history: Schema.String,
  /** The transactions that are held whole: first_seq up to but not including next_seq. */
  first_seq: Schema.Int,
  next_seq: Schema.Int,
  from_time: Schema.NullOr(Schema.Int),
  to_time: Schema.NullOr(Schema.Int),
  /** What is in the stream, an unfinished transaction included. */
  entries: Schema.Int,
  changes: Schema.Int,
  bytes: Schema.Int,
  last_id: Schema.String,
  /** Where the log goes on: seq and ordinal. */
  at: Schema.Struct({ seq: Schema.Int, ordinal: Schema.Int }),
  /** The highest millisecond an id has. */
  top: Schema.Int,
  /** The transaction at `at` is not kept. */
  skipping: Schema.Boolean,
  incarnation: Schema.Int,
  /** The transaction that is not whole yet. */
  open: Schema.NullOr(Segment),
  /** The newest segment; the older ones are in the field `segments`, oldest first. */
  tail: Schema.NullOr(Segment)
})
export type StreamState = typeof StreamState.Type

const decodeState = Schema.decodeUnknownOption(Schema.fromJsonString(StreamState))
const decodeSegments = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Array(Segment)))

/** Undefined for text that is no state. */
export const parseState = (text: string): StreamState | undefined => Option.getOrUndefined(decodeState(text))

export const parseSegments = (text: string): ReadonlyArray<Segment> | undefined =>
  Option.getOrUndefined(decodeSegments(text))

/** Whose history the stream holds. */
export interface Identity {
  readonly source: string
  readonly history: string
}

/** The stream as Redis shows it at one moment. */
export type Sight =
  /** Nothing, or nothing that can be trusted; `nextSeq` is what was said before the entries were lost. */
  | { readonly _tag: "Empty"; readonly nextSeq: number }
  | { readonly _tag: "Held"; readonly state: StreamState }
  /** Another source writes here. */
  | { readonly _tag: "Foreign"; readonly source: string }

/**
 * Coverage is what the hash says only if the stream bears it out: entries that were evicted, deleted or added by
 * somebody else, another history, a state that does not parse: each means that nothing is held.
 */
export const judge = (text: string | null, length: number, identity: Identity): Sight => {
  const state = text === null ? undefined : parseState(text)
  if (state === undefined) return { _tag: "Empty", nextSeq: 1 }
  if (state.source !== identity.source) return { _tag: "Foreign", source: state.source }
  if (state.history !== identity.history) return { _tag: "Empty", nextSeq: 1 }
  return state.entries === length ? { _tag: "Held", state } : { _tag: "Empty", nextSeq: state.next_seq }
}

export const coverageOf = (sight: Exclude<Sight, { _tag: "Foreign" }>): Coverage =>
  sight._tag === "Empty"
    ? { firstSeq: sight.nextSeq, nextSeq: sight.nextSeq, fromTime: null, toTime: null, toLsn: null }
    : {
        firstSeq: sight.state.first_seq,
        nextSeq: sight.state.next_seq,
        fromTime: sight.state.from_time,
        toTime: sight.state.to_time,
        toLsn: null
      }
