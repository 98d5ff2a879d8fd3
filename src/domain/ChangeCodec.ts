import type { Change, Row } from "./Change.ts"
import type { Relation } from "./Relation.ts"

/*
 * Changes as compact JSON, the form in which they are kept: one array each, naming its tables by fingerprint. Rows
 * are arrays of cells, so text, null and the two missing states stay apart. The text of several is theirs with
 * commas between, so that texts are joined as they are.
 */

type Wire =
  | readonly ["i", string, Row]
  | readonly ["u", string, Row | null, Row]
  | readonly ["d", string, Row]
  | readonly ["t", ReadonlyArray<string>, boolean, boolean]
  | readonly ["m", string, string]

const toWire = (change: Change): Wire => {
  switch (change.op) {
    case "insert":
      return ["i", change.relation.fingerprint, change.after]
    case "update":
      return ["u", change.relation.fingerprint, change.before, change.after]
    case "delete":
      return ["d", change.relation.fingerprint, change.before]
    case "truncate": {
      const fingerprints = change.relations.map(({ fingerprint }) => fingerprint)
      return ["t", fingerprints, change.cascade, change.restartIdentity]
    }
    case "message":
      return ["m", change.prefix, change.content]
  }
}

export const encodeChanges = (changes: ReadonlyArray<Change>): string =>
  JSON.stringify(changes.map(toWire)).slice(1, -1)

/** Throws a RangeError for a fingerprint that `relationOf` does not know, a SyntaxError for text that is no JSON. */
export const decodeChanges = (
  text: string,
  relationOf: (fingerprint: string) => Relation | undefined
): ReadonlyArray<Change> => {
  // Mostly the same table follows itself.
  let last: Relation | undefined
  const find = (fingerprint: string): Relation => {
    if (last?.fingerprint === fingerprint) return last
    last = relationOf(fingerprint)
    if (last === undefined) throw new RangeError(`unknown schema version ${fingerprint}`)
    return last
  }
  // Written by us alone; a store checks its integrity before it comes here.
  return (JSON.parse(`[${text}]`) as ReadonlyArray<Wire>).map((wire): Change => {
    switch (wire[0]) {
      case "i":
        return { op: "insert", relation: find(wire[1]), after: wire[2] }
      case "u":
        return { op: "update", relation: find(wire[1]), before: wire[2], after: wire[3] }
      case "d":
        return { op: "delete", relation: find(wire[1]), before: wire[2] }
      case "t":
        return { op: "truncate", relations: wire[1].map(find), cascade: wire[2], restartIdentity: wire[3] }
      case "m":
        return { op: "message", prefix: wire[1], content: wire[2] }
    }
  })
}
