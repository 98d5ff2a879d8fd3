import { absent, type Change, type Row, unchanged } from "../../domain/Change.ts"
import { parseLsn } from "../../domain/Lsn.ts"
import { type Micros, parseMicros } from "../../domain/Micros.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { Commit } from "../../domain/Transaction.ts"

/** What the merge has to know of a record: the beginning of its value. */
export interface RecordHead {
  readonly seq: number
  readonly ordinal: number
  /** Of the whole transaction. */
  readonly count: number
  readonly incarnation: number
}

const zero = 48
const nine = 57
const labels = [',"ordinal":', ',"tx_count":', ',"incarnation":', ',"'].map((label) => Buffer.from(label))

/**
 * Reads the head without the rest; undefined for what is no record of this source. `begin` is the source's
 * `valueHead` as bytes.
 */
export const readHead = (begin: Buffer, value: Buffer): RecordHead | undefined => {
  if (value.length <= begin.length || begin.compare(value, 0, begin.length) !== 0) return undefined
  let at = begin.length
  const numbers = [0, 0, 0, 0]
  for (const [i, label] of labels.entries()) {
    const start = at
    let number = 0
    for (let byte = value[at]; byte !== undefined && byte >= zero && byte <= nine; byte = value[++at]) {
      number = number * 10 + byte - zero
    }
    if (at === start || at + label.length > value.length) return undefined
    for (let j = 0; j < label.length; j++) if (value[at + j] !== label[j]) return undefined
    at += label.length
    numbers[i] = number
  }
  const [seq = 0, ordinal = 0, count = 0, incarnation = 0] = numbers
  return { seq, ordinal, count, incarnation }
}

type Values = Readonly<Record<string, string | null>>

/** The value as `RecordEncoder` writes it. */
interface Wire {
  readonly commit_lsn: string
  readonly end_lsn: string
  readonly xid: number
  readonly commit_time: string
  readonly log_time: string
  readonly origin: string | null
  readonly tx_count: number
  readonly fingerprint?: string
  readonly operation: Change["op"]
  readonly before: Values | null
  readonly after: Values | null
  readonly unchanged: ReadonlyArray<string>
  readonly before_unchanged?: ReadonlyArray<string>
  readonly truncate?: {
    readonly fingerprints: ReadonlyArray<string>
    readonly cascade: boolean
    readonly restart_identity: boolean
  }
  readonly message?: { readonly prefix: string; readonly content: string }
}

/** A value opened. */
export interface OpenedRecord {
  readonly wire: Wire
  readonly logTime: Micros
}

/** Throws a RangeError for what is none of ours. */
const checked = <A>(value: A | undefined, what: string): A => {
  if (value === undefined) throw new RangeError(`a record without ${what}`)
  return value
}

/** Throws a SyntaxError or RangeError when the text is none that we wrote. */
export const openRecord = (value: Buffer): OpenedRecord => {
  // Its head was read before: `RecordEncoder` wrote it, or somebody who forges.
  const wire = JSON.parse(value.toString()) as Wire
  return { wire, logTime: checked(parseMicros(wire.log_time), "log time") }
}

export const commitOf = ({ wire }: OpenedRecord): Commit => ({
  xid: wire.xid,
  commitLsn: checked(parseLsn(wire.commit_lsn), "commit LSN"),
  endLsn: checked(parseLsn(wire.end_lsn), "end LSN"),
  commitTime: checked(parseMicros(wire.commit_time), "commit time"),
  origin: wire.origin,
  count: wire.tx_count
})

const rowOf = (relation: Relation, cells: Values | null, toasted: ReadonlyArray<string>): Row =>
  relation.columns.map(({ name }) => {
    const cell = cells !== null && Object.hasOwn(cells, name) ? cells[name] : undefined
    if (cell !== undefined) return cell
    return toasted.includes(name) ? unchanged : absent
  })

const none: ReadonlyArray<string> = []

/** Throws a RangeError for a schema version that `relationOf` does not know. */
export const changeOf = (
  { wire }: OpenedRecord,
  relationOf: (fingerprint: string) => Relation | undefined
): Change => {
  const known = (fingerprint: string | undefined): Relation =>
    checked(relationOf(fingerprint ?? ""), `the known schema version ${fingerprint ?? ""}`)
  const { before, after } = wire
  switch (wire.operation) {
    case "insert":
    case "update": {
      const relation = known(wire.fingerprint)
      const row = rowOf(relation, after, wire.unchanged)
      if (wire.operation === "insert") return { op: "insert", relation, after: row }
      const old = before === null ? null : rowOf(relation, before, wire.before_unchanged ?? none)
      return { op: "update", relation, before: old, after: row }
    }
    case "delete": {
      const relation = known(wire.fingerprint)
      return { op: "delete", relation, before: rowOf(relation, before, wire.before_unchanged ?? none) }
    }
    case "truncate": {
      const { fingerprints, cascade, restart_identity } = checked(wire.truncate, "its tables")
      return {
        op: "truncate",
        relations: fingerprints.map(known),
        cascade,
        restartIdentity: restart_identity
      }
    }
    case "message": {
      const { prefix, content } = checked(wire.message, "its message")
      return { op: "message", prefix, content }
    }
  }
}
