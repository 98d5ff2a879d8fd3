import type { Relation } from "../../domain/Relation.ts"

/** What the records of a relation have in common, as bytes: put into the workspace as a whole, and copied from there. */
export interface RecordShape {
  readonly fingerprint: Buffer
  /** All pieces, one behind the other. */
  readonly bytes: Buffer
  /** Where the key ends that is up to its values, and behind it the value up to its operation. */
  readonly keyHead: number
  readonly head: number
  /** Where each column's `"name":` begins and ends. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Which columns name the row. */
  readonly keys: ReadonlyArray<number>
  /** Where the bytes lie in the workspace at present. */
  base: number
}

export const recordShape = ({ schema, name, fingerprint, columns }: Relation): RecordShape => {
  const [quotedSchema, quotedName] = [JSON.stringify(schema), JSON.stringify(name)]
  const pieces = [
    `[${quotedSchema},${quotedName},[`,
    `,"schema":${quotedSchema},"table":${quotedName},"fingerprint":"${fingerprint}","operation":`,
    ...columns.map((column) => `${JSON.stringify(column.name)}:`)
  ].map((piece) => Buffer.from(piece))
  const ends: Array<number> = []
  for (const piece of pieces) ends.push((ends.at(-1) ?? 0) + piece.length)
  const [keyHead = 0, head = 0] = ends
  return {
    fingerprint: Buffer.from(fingerprint),
    bytes: Buffer.concat(pieces),
    keyHead,
    head,
    starts: Int32Array.from(ends.slice(1, -1)),
    ends: Int32Array.from(ends.slice(2)),
    keys: columns.flatMap(({ key }, i) => (key ? [i] : [])),
    base: 0
  }
}
