import type { Change, Row } from "./Change.ts"
import type { Relation } from "./Relation.ts"

/*
 * Changes as compact JSON, the form in which stores keep them: `[[fingerprint …], [change …]]`, a change
 * naming its relation by index. Rows are arrays of cells, so text, null and the two missing states stay apart.
 */

type Wire =
  | readonly ["i", number, Row]
  | readonly ["u", number, Row, Row | null]
  | readonly ["d", number, Row]
  | readonly ["t", ReadonlyArray<number>, boolean, boolean]
  | readonly ["m", string, string]

type WireChanges = readonly [ReadonlyArray<string>, ReadonlyArray<Wire>]

/** `onRelation` sees each relation that the text refers to, so that a store can keep its schema versions. */
export const encodeChanges = (
  changes: ReadonlyArray<Change>,
  onRelation: (relation: Relation) => void
): string => {
  const fingerprints: Array<string> = []
  const indexes = new Map<Relation, number>()
  const indexOf = (relation: Relation): number => {
    const known = indexes.get(relation)
    if (known !== undefined) return known
    onRelation(relation)
    indexes.set(relation, fingerprints.length)
    return fingerprints.push(relation.fingerprint) - 1
  }
  const encoded = changes.map((change): Wire => {
    switch (change.op) {
      case "insert":
        return ["i", indexOf(change.relation), change.after]
      case "update":
        return ["u", indexOf(change.relation), change.after, change.before]
      case "delete":
        return ["d", indexOf(change.relation), change.before]
      case "truncate":
        return ["t", change.relations.map(indexOf), change.cascade, change.restartIdentity]
      case "message":
        return ["m", change.prefix, change.content]
    }
  })
  return JSON.stringify([fingerprints, encoded] satisfies WireChanges)
}

/** Throws a RangeError for a fingerprint that `relationOf` does not know, a SyntaxError for text that is no JSON. */
export const decodeChanges = (
  text: string,
  relationOf: (fingerprint: string) => Relation | undefined
): ReadonlyArray<Change> => {
  // Written by `encodeChanges` alone; a store checks its integrity before it comes here.
  const [fingerprints, encoded] = JSON.parse(text) as WireChanges
  const relations = fingerprints.map(relationOf)
  const at = (index: number): Relation => {
    const relation = relations[index]
    if (relation === undefined) throw new RangeError(`unknown schema version ${fingerprints[index] ?? index}`)
    return relation
  }
  return encoded.map((wire): Change => {
    switch (wire[0]) {
      case "i":
        return { op: "insert", relation: at(wire[1]), after: wire[2] }
      case "u":
        return { op: "update", relation: at(wire[1]), after: wire[2], before: wire[3] }
      case "d":
        return { op: "delete", relation: at(wire[1]), before: wire[2] }
      case "t":
        return { op: "truncate", relations: wire[1].map(at), cascade: wire[2], restartIdentity: wire[3] }
      case "m":
        return { op: "message", prefix: wire[1], content: wire[2] }
    }
  })
}
