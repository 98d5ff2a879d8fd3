/** How a table names its old rows: `ALTER TABLE … REPLICA IDENTITY`. */
export type ReplicaIdentity = "default" | "nothing" | "full" | "index"

export interface Column {
  readonly name: string
  /** The type's OID at the source; 0 where the plugin does not tell. */
  readonly typeOid: number
  /** The type modifier, -1 for none. */
  readonly typmod: number
  /** The type's name where the plugin tells it (pgoutput: types that are not built in), else "". */
  readonly typeName: string
  /** Part of the replica identity; with identity `full` every column is. */
  readonly key: boolean
}

/** One version of a table's shape. A new shape has a new fingerprint. */
export interface Relation {
  readonly schema: string
  readonly name: string
  readonly identity: ReplicaIdentity
  readonly columns: ReadonlyArray<Column>
  /** 16 hex digits over everything above: equal shapes, equal fingerprints. */
  readonly fingerprint: string
}

/** FNV-1a, 64 bits, over UTF-16 code units: no security, only identity. */
const hash = (text: string): string => {
  let value = 0xcbf29ce484222325n
  for (let i = 0; i < text.length; i++) {
    value = ((value ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn
  }
  return value.toString(16).padStart(16, "0")
}

export const makeRelation = (shape: Omit<Relation, "fingerprint">): Relation => ({
  ...shape,
  fingerprint: hash(
    JSON.stringify([
      shape.schema,
      shape.name,
      shape.identity,
      shape.columns.map((column) => [column.name, column.typeOid, column.typmod, column.typeName, column.key])
    ])
  )
})

/** `schema.table`, the name under which people filter. Not quoted, not for SQL. */
export const tableName = (relation: Pick<Relation, "schema" | "name">): string =>
  `${relation.schema}.${relation.name}`
