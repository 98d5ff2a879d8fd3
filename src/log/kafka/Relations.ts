import { packedOf } from "../../domain/PackedChunk.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"

/** The schema versions that chunks refer to, each once. */
export const relationsOf = (chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<Relation> => {
  const found = new Map<string, Relation>()
  let last: Relation | undefined
  for (const chunk of chunks) {
    for (const relation of packedOf(chunk).relations) {
      if (relation !== last) found.set(relation.fingerprint, relation)
      last = relation
    }
  }
  return [...found.values()]
}
