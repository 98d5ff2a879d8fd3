import { Effect } from "effect"
import type { Incarnation, Mark } from "../../domain/Log.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { LogError } from "../LogError.ts"
import { nextMark } from "../MarkRules.ts"
import { beginsWrongly, continueTail, sameIncarnation, type TailConflict } from "../Tail.ts"
import { type FileState, fileError } from "./FileState.ts"
import { baseTimeOf, firstHeld, heldAfter, nextSeqHeld } from "./Held.ts"
import type { BeginAt, Pruned, PruneRequest, ReaderCalls, WriterCalls } from "./Protocol.ts"
import { checkRepeats } from "./Repeats.ts"
import { cutSegments } from "./Segment.ts"
import type { SqliteThread } from "./SqliteThread.ts"

/** Everything that changes the file. */
export interface FileWriter {
  readonly append: (chunks: ReadonlyArray<ArchivedChunk>) => Effect.Effect<void, LogError>
  readonly writeMark: (mark: Mark) => Effect.Effect<void, LogError>
  readonly beginIncarnation: (incarnation: Incarnation) => Effect.Effect<void, LogError>
  /** Removes a bite from the front; says whether there is more to remove. */
  readonly prune: (bounds: Omit<PruneRequest, "belowSeq">) => Effect.Effect<boolean, LogError>
  /** Forgets everything and continues another log from there. */
  readonly beginAt: (begin: BeginAt) => Effect.Effect<void, LogError>
}

const conflict = ({ seq, detail }: TailConflict): LogError => fileError({ _tag: "Conflict", seq, detail })

export const makeFileWriter = (
  state: FileState,
  writer: SqliteThread<WriterCalls>,
  reader: SqliteThread<ReaderCalls>
): FileWriter => {
  const append = Effect.fnUntraced(function* (chunks: ReadonlyArray<ArchivedChunk>) {
    const { held } = state
    const lost = belowMark(state)
    if (lost !== undefined) return yield* lost
    const continuation = continueTail(held.last, held.incarnations, chunks)
    if ("detail" in continuation) return yield* conflict(continuation)
    const { fresh, repeated, last } = continuation
    if (repeated.length > 0) yield* checkRepeats(reader, repeated)
    if (fresh.length === 0) return
    const relations = new Map<string, Relation>()
    const segments = cutSegments(fresh, baseTimeOf(held), (relation) => {
      if (!state.relations.has(relation.fingerprint)) relations.set(relation.fingerprint, relation)
    })
    const request = {
      segments,
      relations: [...relations].map(([fingerprint, relation]) => ({
        fingerprint,
        json: JSON.stringify(relation)
      }))
    }
    const texts = segments.map(({ text }) => text.buffer)
    yield* writer.call("append", request, texts)
    for (const [fingerprint, relation] of relations) state.relations.set(fingerprint, relation)
    state.held = heldAfter(held, fresh, last)
  })

  const writeMark = Effect.fnUntraced(function* (mark: Mark) {
    const { held } = state
    const next = nextMark(held.mark, mark, nextSeqHeld(held))
    if ("detail" in next) return yield* conflict(next)
    yield* writer.call("writeMark", next)
    state.held = { ...held, mark: next }
  })

  const beginIncarnation = Effect.fnUntraced(function* (incarnation: Incarnation) {
    const { incarnations } = state.held
    const newest = incarnations.at(-1)
    if (newest !== undefined && sameIncarnation(newest, incarnation)) return
    const detail = beginsWrongly(incarnations, incarnation, nextSeqHeld(state.held))
    if (detail !== undefined) return yield* conflict({ seq: incarnation.firstSeq, detail })
    const damaged = state.recover(yield* writer.call("beginIncarnation", incarnation))
    if (damaged !== undefined) return yield* damaged
  })

  const beginAt = Effect.fnUntraced(function* (begin: BeginAt) {
    const damaged = state.recover(yield* writer.call("beginAt", begin))
    if (damaged !== undefined) return yield* damaged
  })

  const prune = Effect.fnUntraced(function* (bounds: Omit<PruneRequest, "belowSeq">) {
    const belowSeq = nextSeqHeld(state.held)
    const pruned: Pruned = yield* writer.call("prune", { ...bounds, belowSeq })
    if (pruned.segments > 0) state.held = { ...state.held, first: firstHeld(pruned.first, state.held.base) }
    return pruned.more
  })

  return {
    append: (chunks) => state.alone(append(chunks)),
    writeMark: (mark) => state.alone(writeMark(mark)),
    beginIncarnation: (incarnation) => state.alone(beginIncarnation(incarnation)),
    prune: (bounds) => state.alone(prune(bounds)),
    beginAt: (begin) => state.alone(beginAt(begin))
  }
}

/** A log that ends below its mark has lost data: nothing may be put in the place of what is lost. */
export const belowMark = (state: FileState): LogError | undefined => {
  const { held } = state
  const end = nextSeqHeld(held) - 1
  return held.mark !== null && end < held.mark.seq
    ? fileError({ _tag: "BelowMark", mark: held.mark.seq, end })
    : undefined
}
