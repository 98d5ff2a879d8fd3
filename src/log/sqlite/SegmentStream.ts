import { Effect, Stream } from "effect"
import * as Cause from "effect/Cause"
import type { SeqRange } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { isBefore, positionAfter, sliceChunk } from "../ChunkSlice.ts"
import { LogError } from "../LogError.ts"
import { type FileState, fileError } from "./FileState.ts"
import type { PageRow, ReaderCalls } from "./Protocol.ts"
import { openSegment } from "./Segment.ts"
import type { SqliteThread } from "./SqliteThread.ts"

/** About how much text a reader holds. */
const pageBytes = 1024 * 1024

const orCorrupt = <A>(row: PageRow, open: (row: PageRow) => A): A | LogError => {
  try {
    return open(row)
  } catch (thrown) {
    if (thrown instanceof RangeError || thrown instanceof SyntaxError) {
      // Not the message of a SyntaxError: it quotes the text.
      const why = thrown instanceof RangeError ? thrown.message : "its text is no JSON"
      return fileError({ _tag: "Corrupt", detail: `segment ${row.id}: ${why}` })
    }
    throw thrown
  }
}

/** `Archive.read`: one element a segment, opened when it is pulled. */
export const readSegments = (
  state: FileState,
  reader: SqliteThread<ReaderCalls>,
  from: Position,
  end: SeqRange["end"]
): Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError> =>
  Stream.suspend(() => {
    let expected: Position = from.seq < 1 ? { seq: 1, ordinal: 0 } : from
    let rows: ReadonlyArray<PageRow> = []
    let at = 0
    let asked: Position | null = null
    let after: number | null = null
    /** Whether the transaction that `from` lies in was seen: retention may have removed it since. */
    let isBegun = false
    const stop = end ?? Number.POSITIVE_INFINITY

    const missing = (until: number) =>
      fileError({ _tag: "Missing", from: expected.seq, until: Math.min(until, stop) })

    /** The segment's chunks from the expected position on; they must join what was given without a gap. */
    const take = (row: PageRow): ReadonlyArray<ArchivedChunk> | LogError => {
      const taken: Array<ArchivedChunk> = []
      for (const chunk of openSegment(row, (fingerprint) => state.relations.get(fingerprint))) {
        if (chunk.seq >= stop) break
        if (isBefore(chunk, expected)) {
          isBegun ||= chunk.seq === from.seq
          continue
        }
        // A start beyond the last change of its transaction is the start of the next one.
        const isNext = isBegun && expected === from && chunk.seq === from.seq + 1 && chunk.firstOrdinal === 0
        const isExpected = chunk.seq === expected.seq && chunk.firstOrdinal <= expected.ordinal
        if (!isExpected && !isNext) return missing(chunk.firstOrdinal === 0 ? chunk.seq : chunk.seq + 1)
        taken.push(isNext ? chunk : sliceChunk(chunk, expected.ordinal))
        expected = positionAfter(chunk)
      }
      return taken
    }

    const pull = Effect.gen(function* () {
      for (;;) {
        const row = rows[at]
        if (row !== undefined) {
          at++
          const taken = orCorrupt(row, take)
          if (taken instanceof LogError) return yield* taken
          after = row.id
          if (taken.length > 0) return [taken] as const
          continue
        }
        if (expected.seq >= stop) return yield* Cause.done()
        const changed = state.changed.next
        const { firstSeq, nextSeq } = state.coverage
        if (expected.seq < firstSeq) return yield* missing(firstSeq)
        if (expected.seq >= nextSeq) {
          yield* changed
          continue
        }
        if (expected === asked) {
          // Nothing from there to the end of its transaction: it was beyond its last change.
          expected = { seq: expected.seq + 1, ordinal: 0 }
          continue
        }
        asked = expected
        rows = yield* reader.call("page", {
          from: expected,
          untilSeq: Math.min(nextSeq, stop),
          bytes: pageBytes,
          after
        })
        at = 0
        after = null
      }
    })
    return Stream.fromPull(Effect.succeed(pull))
  })
