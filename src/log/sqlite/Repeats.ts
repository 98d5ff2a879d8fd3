import { Effect } from "effect"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { decodeHeads } from "../ChunkHeads.ts"
import type { LogError } from "../LogError.ts"
import { contradiction } from "../Tail.ts"
import { fileError } from "./FileState.ts"
import type { ReaderCalls } from "./Protocol.ts"
import type { SqliteThread } from "./SqliteThread.ts"

/** How many segments are looked at in one go. */
const step = 64

/**
 * Compares chunks that are stored already, in order, with what is stored. What retention has removed cannot be
 * compared and passes.
 */
export const checkRepeats = Effect.fnUntraced(function* (
  reader: SqliteThread<ReaderCalls>,
  repeated: ReadonlyArray<ArchivedChunk>
): Effect.fn.Return<void, LogError> {
  let at = 0
  while (at < repeated.length) {
    const segments = yield* reader.call("heads", { fromSeq: repeated[at]?.seq ?? 0, limit: step })
    const end = segments.at(-1)
    if (end === undefined) return
    const stored = new Map(
      segments.flatMap(({ incarnation, heads }) =>
        decodeHeads(heads).map((head) => [head.seq, { commit: head.commit, incarnation }])
      )
    )
    for (; at < repeated.length; at++) {
      const chunk = repeated[at]
      if (chunk === undefined || chunk.seq > end.lastSeq) break
      const known = stored.get(chunk.seq)
      const detail = known === undefined ? undefined : contradiction(chunk, known)
      if (detail !== undefined) return yield* fileError({ _tag: "Conflict", seq: chunk.seq, detail })
    }
  }
})
