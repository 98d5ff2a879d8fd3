import type { Relation, ReplicaIdentity } from "../domain/Relation.ts"
import { type Relation as RelationWire, ReplicaIdentity as Wire } from "./generated/walstream/v1/change.ts"

const identities: Readonly<Record<ReplicaIdentity, Wire>> = {
  default: Wire.REPLICA_IDENTITY_DEFAULT,
  nothing: Wire.REPLICA_IDENTITY_NOTHING,
  full: Wire.REPLICA_IDENTITY_FULL,
  index: Wire.REPLICA_IDENTITY_INDEX
}

const identityOf = (wire: Wire): ReplicaIdentity => {
  switch (wire) {
    case Wire.REPLICA_IDENTITY_DEFAULT:
      return "default"
    case Wire.REPLICA_IDENTITY_NOTHING:
      return "nothing"
    case Wire.REPLICA_IDENTITY_FULL:
      return "full"
    case Wire.REPLICA_IDENTITY_INDEX:
      return "index"
    default:
      throw new RangeError(`unknown replica identity ${wire}`)
  }
}

const toWire = (relation: Relation, id: number): RelationWire => ({
  id,
  fingerprint: relation.fingerprint,
  schema: relation.schema,
  name: relation.name,
  identity: identities[relation.identity],
  columns: relation.columns.map(({ name, typeOid, typmod, typeName, key }) => ({
    name,
    typeOid,
    typmod,
    typeName,
    key
  }))
})

/** Numbers the shapes that one stream names, and tells which of them the other side has not been told yet. */
export class RelationNumbers {
  readonly #numbers = new Map<string, number>()
  /** Most changes are of a relation that was just looked up. */
  readonly #known = new WeakMap<Relation, number>()
  #untold: Array<RelationWire> = []

  readonly of = (relation: Relation): number => {
    const known = this.#known.get(relation) ?? this.#numbers.get(relation.fingerprint)
    const id = known ?? this.#numbers.size + 1
    if (known === undefined) {
      this.#numbers.set(relation.fingerprint, id)
      this.#untold.push(toWire(relation, id))
    }
    this.#known.set(relation, id)
    return id
  }

  /** Those since the last call. */
  takeUntold(): Array<RelationWire> {
    const untold = this.#untold
    this.#untold = []
    return untold
  }

  /** What was taken did not go out. */
  giveBack(untold: ReadonlyArray<RelationWire>): void {
    this.#untold.unshift(...untold)
  }
}

/** The shapes that one stream has named. */
export class RelationTable {
  readonly #relations = new Map<number, Relation>()

  learn(relations: ReadonlyArray<RelationWire>): void {
    for (const { id, fingerprint, schema, name, identity, columns } of relations) {
      if (id === 0 || fingerprint === "") throw new RangeError("a relation lacks its number or fingerprint")
      const known = this.#relations.get(id)
      if (known !== undefined && known.fingerprint !== fingerprint)
        throw new RangeError(`relation ${id} was another one before`)
      // The fingerprint is the client's: a newer one may take into account what this program does not know.
      if (known === undefined)
        this.#relations.set(id, { fingerprint, schema, name, identity: identityOf(identity), columns })
    }
  }

  readonly at = (id: number): Relation => {
    const relation = this.#relations.get(id)
    if (relation === undefined) throw new RangeError(`relation ${id} was never named`)
    return relation
  }
}
