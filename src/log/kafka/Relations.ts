import type { Relation } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"

/** The schema versions that chunks refer to, each once. */
export const relationsOf = (chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<Relation> => {
  const found = new Map<string, Relation>()
  let last: Relation | undefined
  for (const { changes } of chunks) {
    for (const change of changes) {
      if (change.op === "message") continue
      if (change.op === "truncate") {
        for (const relation of change.relations) found.set(relation.fingerprint, relation)
      } else if (change.relation !== last) {
        last = change.relation
        found.set(last.fingerprint, last)
      }
    }
  }
  return [...found.values()]
}
