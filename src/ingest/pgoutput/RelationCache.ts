import type { Relation } from "../../domain/Relation.ts"

/** A relation as the server sends its rows. */
export interface WireRelation {
  readonly relation: Relation
  /** The same, as each change of it tells. */
  readonly relations: ReadonlyArray<Relation>
  /** How its changes begin as text. */
  readonly prefixes: { readonly insert: string; readonly update: string; readonly delete: string }
  /** For each column on the wire its place in the relation, or -1 when it is excluded. */
  readonly places: ReadonlyArray<number>
  /** Counts Relation messages: which of two descriptions is the newer one. */
  readonly serial: number
}

/**
 * The relations that the server has described. What it describes inside a stream belongs to that transaction alone
 * (it may have altered the table and may still roll back), and holds for all once it commits. The server keeps the
 * same books to know what it need not send again; a subtransaction's abort makes it forget the transaction's.
 */
export class RelationCache {
  readonly #committed = new Map<number, WireRelation>()
  readonly #streams = new Map<number, Map<number, WireRelation>>()
  #serial = 0
  // The relation of the last row: most rows follow one of the same table.
  #lastOid = -1
  #last: WireRelation | undefined
  #stream: Map<number, WireRelation> | undefined

  /** From here on the relations of this streamed transaction hold. */
  enterStream(xid: number): void {
    this.#stream = this.#streams.get(xid)
    if (this.#stream === undefined) {
      this.#stream = new Map()
      this.#streams.set(xid, this.#stream)
    }
    this.#lastOid = -1
  }

  leaveStream(): void {
    this.#stream = undefined
    this.#lastOid = -1
  }

  find(oid: number): WireRelation | undefined {
    if (oid === this.#lastOid) return this.#last
    this.#last = (this.#stream ?? this.#committed).get(oid)
    this.#lastOid = oid
    return this.#last
  }

  /** The relation to use: the known one if this describes the same shape once more. */
  describe(oid: number, relation: Relation, places: ReadonlyArray<number>): Relation {
    const known = this.#stream?.get(oid)?.relation ?? this.#committed.get(oid)?.relation
    const same = known !== undefined && known.fingerprint === relation.fingerprint ? known : relation
    this.#serial++
    const prefix = (letter: string) => `["${letter}","${same.fingerprint}",`
    const described = {
      relation: same,
      relations: [same],
      prefixes: { insert: prefix("i"), update: prefix("u"), delete: prefix("d") },
      places,
      serial: this.#serial
    }
    ;(this.#stream ?? this.#committed).set(oid, described)
    this.#lastOid = -1
    return same
  }

  commitStream(xid: number): void {
    for (const [oid, streamed] of this.#streams.get(xid) ?? []) {
      const known = this.#committed.get(oid)
      // Another transaction may have been told a newer shape in the meantime.
      if (known === undefined || known.serial < streamed.serial) this.#committed.set(oid, streamed)
    }
    this.#streams.delete(xid)
    this.#lastOid = -1
  }

  /** Of a subtransaction: what the transaction was told is void, and will be told again. Of the whole: likewise. */
  abortStream(xid: number): void {
    this.#streams.delete(xid)
    this.#lastOid = -1
  }
}
