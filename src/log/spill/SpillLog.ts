import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { resolve } from "node:path"
import { Effect, Stream } from "effect"
import type { Mark, SpillName } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { ArchiveTail } from "../Archive.ts"
import { LogError } from "../LogError.ts"
import { FileState, fileError } from "../sqlite/FileState.ts"
import { nextSeqHeld } from "../sqlite/Held.ts"
import { openLogFile } from "../sqlite/LogFile.ts"
import type { StretchVolume } from "../sqlite/Protocol.ts"
import { readSegments } from "../sqlite/SegmentStream.ts"
import type { SpillEnds } from "./Standing.ts"

export interface SpillLogOptions {
  readonly file: string
  readonly source: string
  /** What the file may have at most. */
  readonly maxBytes: number
}

/** The log beside an archive: empty, or the archive's continuation. */
export interface SpillLog {
  readonly name: SpillName
  readonly file: string
  /** Whether it continues the archive. It does so before anything is confirmed from it, in this life or another. */
  readonly leads: () => boolean
  readonly tail: () => ArchiveTail
  readonly ends: () => SpillEnds
  /** One past its last whole transaction. */
  readonly nextSeq: () => number
  readonly begin: (tail: ArchiveTail) => Effect.Effect<void, LogError>
  readonly append: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.Effect<void, LogError>
  readonly writeMark: (mark: Mark) => Effect.Effect<void, LogError>
  readonly read: (from: Position, end: number) => Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError>
  /** Of whole transactions from this one on. */
  readonly volume: (start: number) => Effect.Effect<StretchVolume, LogError>
  /** Lets go of what ends below this seq, and gives free pages back. */
  readonly forget: (untilSeq: number) => Effect.Effect<void, LogError>
  /** Lets go of everything. */
  readonly clear: Effect.Effect<void, LogError>
}

/** In the words of a spill: what to do is not what one does with an archive in a file. */
const inWords =
  (file: string) =>
  ({ reason, message }: LogError): LogError => {
    switch (reason._tag) {
      case "Full":
        return new LogError({
          store: "spill",
          reason: {
            ...reason,
            fix: "bring Kafka back; or start again with a larger SPILL_MAX_BYTES, if the disk has room"
          }
        })
      case "Corrupt":
      case "BelowMark":
      case "Conflict":
        return new LogError({
          store: "spill",
          reason: {
            _tag: "Unsuited",
            detail: message,
            fix: `put a good copy of ${file} in its place. Without one move it away and start again: where changes were in it alone, capture then says which, and waits for a person to accept the hole`
          }
        })
      default:
        return new LogError({ store: "spill", reason })
    }
  }

/** Fails with Unsuited when the file is damaged or none of ours, Unavailable when it cannot be opened. */
export const openSpillLog = Effect.fnUntraced(function* ({ file, source, maxBytes }: SpillLogOptions) {
  const told = inWords(file)
  const state = new FileState()
  const { file: writer, reader } = yield* Effect.mapError(
    openLogFile({ file, source, maxFileBytes: maxBytes, name: "spill" }, state),
    told
  )
  const beginAt = (id: string, { mark, incarnations, last }: ArchiveTail) =>
    Effect.mapError(writer.beginAt({ id, mark, incarnations, last }), told)
  const none: ArchiveTail = { mark: null, incarnations: [], last: null }
  const { base, first } = state.held
  if (base === null && first !== null) {
    return yield* told(fileError({ _tag: "Corrupt", detail: `${file} is an archive of its own, no spill` }))
  }
  const id = base?.id ?? randomUUID()
  if (base === null) yield* beginAt(id, none)
  /** Gives pages back, in bites. */
  const prune = (untilSeq: number) =>
    writer
      .prune({ before: null, maxBytes: null, untilSeq })
      .pipe(Effect.repeat({ while: (more) => more }), Effect.asVoid, Effect.mapError(told))
  return {
    name: { id, file: `${hostname()}:${resolve(file)}` },
    file,
    leads: () => state.held.incarnations.length > 0,
    tail: () => {
      const { mark, incarnations, last } = state.held
      return { mark, incarnations, last }
    },
    ends: () => {
      const { base, incarnations, last } = state.held
      return { base: base?.last ?? null, last, incarnation: incarnations.at(-1)?.number ?? 0 }
    },
    nextSeq: () => nextSeqHeld(state.held),
    begin: (tail) => beginAt(id, tail),
    append: (chunks) => Effect.mapError(writer.append(chunks), told),
    writeMark: (mark) => Effect.mapError(writer.writeMark(mark), told),
    read: (from, end) => Stream.mapError(readSegments(state, reader, from, end), told),
    volume: (start) => Effect.mapError(reader.call("volume", { start, end: nextSeqHeld(state.held) }), told),
    forget: prune,
    clear: beginAt(id, none)
  } satisfies SpillLog
})
