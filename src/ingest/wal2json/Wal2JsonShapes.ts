import { type Column, makeRelation, type Relation, type ReplicaIdentity } from "../../domain/Relation.ts"
import type { WireColumn } from "./Wal2JsonRecord.ts"

/** A column without what depends on the replica identity. */
type Described = Pick<Column, "name" | "typeOid" | "typeName">
type Shape = ReadonlyArray<Described>

interface Naming {
  readonly identity: ReplicaIdentity
  readonly keys: ReadonlySet<string>
}

const sameType = (a: Described, b: Described): boolean =>
  a.name === b.name && a.typeOid === b.typeOid && a.typeName === b.typeName

/** Whether all of `part` occurs in `whole`, in its order. */
const isWithin = (part: Shape, whole: Shape): boolean => {
  let found = 0
  for (const column of whole) {
    const wanted = part[found]
    if (wanted !== undefined && sameType(wanted, column)) found++
  }
  return found === part.length
}

const sameNames = (names: ReadonlySet<string>, others: ReadonlyArray<string>): boolean =>
  names.size === others.length && others.every((name) => names.has(name))

const equals = (relation: Relation, shape: Shape, { identity, keys }: Naming): boolean =>
  relation.identity === identity &&
  relation.columns.length === shape.length &&
  relation.columns.every((column, i) => {
    const other = shape[i]
    return other !== undefined && sameType(column, other) && column.key === keys.has(column.name)
  })

/**
 * What wal2json lets us know of tables. It describes none: an INSERT shows all columns, an UPDATE those it has values
 * for, a DELETE those of the replica identity, a TRUNCATE none; and nobody says what the replica identity is.
 *
 * - A table's shape is what its last INSERT showed (or, under REPLICA IDENTITY FULL, any old row); a record whose
 *   columns fit into it is of that shape, any other shows a shape of its own.
 * - Identity is FULL when an old row has all columns, or a null, and is not the primary key: where an index over all
 *   columns would look the same, the row is found all the same. Until an UPDATE or DELETE shows better, it is the
 *   primary key.
 */
export class Wal2JsonShapes {
  readonly #tables = new Map<string, Relation>()
  /** The last answer was a shape that is new. */
  isNew = false

  inserted(
    schema: string,
    name: string,
    columns: ReadonlyArray<WireColumn>,
    pk: ReadonlyArray<string>
  ): Relation {
    const known = this.#known(schema, name)
    return this.#relation(schema, name, columns, this.#assumed(known, columns, pk))
  }

  /** `identity` is null when the record has none. */
  updated(
    schema: string,
    name: string,
    columns: ReadonlyArray<WireColumn>,
    identity: ReadonlyArray<WireColumn> | null,
    pk: ReadonlyArray<string>
  ): Relation {
    const known = this.#known(schema, name)
    const shape = known !== undefined && isWithin(columns, known.columns) ? known.columns : columns
    if (identity === null) return this.#relation(schema, name, shape, this.#assumed(known, shape, pk))
    const naming = this.#shown(known, identity, pk, columns, shape)
    return this.#relation(schema, name, naming.identity === "full" ? identity : shape, naming)
  }

  deleted(
    schema: string,
    name: string,
    identity: ReadonlyArray<WireColumn>,
    pk: ReadonlyArray<string>
  ): Relation {
    const known = this.#known(schema, name)
    const shape = known !== undefined && isWithin(identity, known.columns) ? known.columns : identity
    const naming = this.#shown(known, identity, pk, identity, shape)
    return this.#relation(schema, name, naming.identity === "full" ? identity : shape, naming)
  }

  truncated(schema: string, name: string): Relation {
    this.isNew = false
    return (
      this.#known(schema, name) ?? this.#relation(schema, name, [], { identity: "default", keys: new Set() })
    )
  }

  #known(schema: string, name: string): Relation | undefined {
    return this.#tables.get(`${schema}\0${name}`)
  }

  /** Where no old row shows it. */
  #assumed(known: Relation | undefined, shape: Shape, pk: ReadonlyArray<string>): Naming {
    if (known?.identity === "full")
      return { identity: "full", keys: new Set(shape.map((column) => column.name)) }
    if (known?.identity === "index") {
      const keys = new Set(known.columns.flatMap((column) => (column.key ? [column.name] : [])))
      if ([...keys].every((key) => shape.some((column) => column.name === key)))
        return { identity: "index", keys }
    }
    return { identity: "default", keys: new Set(pk) }
  }

  /** `sent` are the columns that the record has values for, `shape` those that the table is thought to have. */
  #shown(
    known: Relation | undefined,
    identity: ReadonlyArray<WireColumn>,
    pk: ReadonlyArray<string>,
    sent: Shape,
    shape: Shape
  ): Naming {
    const keys = new Set(identity.map((column) => column.name))
    if (sameNames(keys, pk)) return { identity: "default", keys }
    const covers = (columns: Shape) => columns.every((column) => keys.has(column.name))
    const full =
      identity.some((column) => column.cell === null) ||
      // Fewer columns than the table had under FULL: one was dropped. Else they are an index's.
      (covers(sent) && (covers(shape) || known?.identity === "full"))
    return { identity: full ? "full" : "index", keys }
  }

  #relation(schema: string, name: string, columns: Shape, naming: Naming): Relation {
    const known = this.#known(schema, name)
    this.isNew = known === undefined || !equals(known, columns, naming)
    if (known !== undefined && !this.isNew) return known
    const relation = makeRelation({
      schema,
      name,
      identity: naming.identity,
      columns: columns.map((column) => ({
        name: column.name,
        typeOid: column.typeOid,
        typmod: -1,
        typeName: column.typeName,
        key: naming.keys.has(column.name)
      }))
    })
    this.#tables.set(`${schema}\0${name}`, relation)
    return relation
  }
}
