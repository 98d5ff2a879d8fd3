import { ChangePacker } from "../../domain/ChangePacker.ts"
import { PackedChanges } from "../../domain/PackedChanges.ts"
import { packedOf } from "../../domain/PackedChunk.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { type ChunkHead, decodeHeads, encodeHeads } from "../ChunkHeads.ts"
import { positionAfter } from "../ChunkSlice.ts"
import type { KeptText, TextPages } from "./TextPages.ts"

/**
 * Chunks of one incarnation that follow each other, as two texts: what a transaction of one row takes beside its row is
 * fifteen bytes here, and nothing that a garbage collector has to look at.
 */
export class ChunkBlock {
  /** Where the log goes on after it. */
  readonly end: Position
  readonly #incarnation: number
  readonly #heads: Uint8Array
  readonly #packed: PackedChanges
  readonly #kept: KeptText

  /** At least one chunk. */
  constructor(chunks: ReadonlyArray<ArchivedChunk>, pages: TextPages) {
    const last = chunks.at(-1)
    if (last === undefined) throw new RangeError("a block without chunks")
    const packer = new ChangePacker()
    for (const chunk of chunks) packer.add(packedOf(chunk))
    const { count, operations, relations, text } = packer.finish()
    this.end = positionAfter(last)
    this.#incarnation = last.incarnation
    this.#heads = encodeHeads(chunks)
    this.#kept = pages.keep(text)
    const { buffer, start, end } = this.#kept
    this.#packed = new PackedChanges(count, operations, relations, buffer, start, end)
  }

  heads(): ReadonlyArray<ChunkHead> {
    return decodeHeads(this.#heads)
  }

  /** Decodes all of them. */
  chunks(): ReadonlyArray<ArchivedChunk> {
    const changes = this.#packed.unpack()
    let at = 0
    return this.heads().map((head) => {
      const from = at
      at += head.changes
      return { ...head, incarnation: this.#incarnation, changes: changes.slice(from, at) }
    })
  }

  /** It is not to be read any more. */
  release(): void {
    this.#kept.release()
  }
}
