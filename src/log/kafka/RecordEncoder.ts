import { createHash } from "node:crypto"
import { absent, type Change, type Row, unchanged } from "../../domain/Change.ts"
import type { Micros } from "../../domain/Micros.ts"
import { type Relation, tableName } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { transactionText } from "./TransactionText.ts"

/** A change as it goes to Kafka. docs/kafka.md says what the texts are. */
export interface EncodedRecord {
  readonly key: string
  readonly value: string
  /** A TRUNCATE goes to every partition, such that readers of a single one see it between the rows. */
  readonly everywhere: boolean
}

/** In place of longer keys goes their hash: a key comes with every part of a large record. */
const longestKey = 1024

const shorten = (keyHead: string, key: string): string =>
  key.length <= longestKey ? key : `${keyHead}"sha256:${createHash("sha256").update(key).digest("base64")}"]]`

/** What is the same for all changes of a relation. */
interface Shape {
  readonly relation: Relation
  /** `"name":` for each column. */
  readonly names: ReadonlyArray<string>
  /** Which columns name the row. */
  readonly keys: ReadonlyArray<number>
  readonly head: string
  readonly keyHead: string
}

const shapeOf = (relation: Relation): Shape => {
  const [schema, table] = [JSON.stringify(relation.schema), JSON.stringify(relation.name)]
  return {
    relation,
    names: relation.columns.map(({ name }) => `${JSON.stringify(name)}:`),
    keys: relation.columns.flatMap(({ key }, i) => (key ? [i] : [])),
    head: `,"schema":${schema},"table":${table},"fingerprint":"${relation.fingerprint}","operation":`,
    keyHead: `[${schema},${table},[`
  }
}

/** Nothing that JSON has to escape: most values of most tables. */
const plain = /^[ !#-[\]-\u{d7ff}]*$/u

const quote = (text: string): string =>
  text.length < 100 && plain.test(text) ? `"${text}"` : JSON.stringify(text)

/** The cells that are there, by column name. */
const values = (shape: Shape, row: Row | null): string => {
  if (row === null) return "null"
  const { names } = shape
  let text = "{"
  for (let i = 0; i < names.length; i++) {
    const cell = row[i]
    if (cell === undefined || cell === absent || cell === unchanged) continue
    if (text.length > 1) text += ","
    text += names[i]
    text += cell === null ? "null" : quote(cell)
  }
  return `${text}}`
}

const columnsUnchanged = ({ relation }: Shape, row: Row | null): string => {
  if (row === null || !row.includes(unchanged)) return "[]"
  return JSON.stringify(relation.columns.flatMap(({ name }, i) => (row[i] === unchanged ? [name] : [])))
}

/** The key's values: those by which the change names its row. */
const keyOf = (shape: Shape, row: Row) => {
  let [cells, named] = ["", ""]
  for (const i of shape.keys) {
    const cell = row[i]
    if (cell === undefined || cell === absent || cell === unchanged) continue
    const text = cell === null ? "null" : quote(cell)
    if (cells !== "") {
      cells += ","
      named += ","
    }
    cells += text
    named += shape.names[i] + text
  }
  return { key: shorten(shape.keyHead, `${shape.keyHead}${cells}]]`), named: `{${named}}` }
}

/** Where a record's value begins: by it readers tell records of this source from others. */
export const valueHead = (source: string): string => `{"source":${JSON.stringify(source)},"seq":`

/** Turns changes into Kafka's keys and values. Values are put together by hand: it is the archive's hottest loop. */
export class RecordEncoder {
  readonly #head: string
  readonly #shapes = new Map<Relation, Shape>()

  constructor(source: string) {
    this.#head = valueHead(source)
  }

  #shape(relation: Relation): Shape {
    const known = this.#shapes.get(relation)
    if (known !== undefined) return known
    // A relation has one object per fingerprint and connection: few, but not for ever the same.
    if (this.#shapes.size > 10_000) this.#shapes.clear()
    const shape = shapeOf(relation)
    this.#shapes.set(relation, shape)
    return shape
  }

  #body(change: Change): EncodedRecord {
    switch (change.op) {
      case "message": {
        const message = JSON.stringify({ prefix: change.prefix, content: change.content })
        const value = `,"schema":null,"table":null,"operation":"message","key":null,"before":null,"after":null,"unchanged":[],"message":${message}}`
        return { key: JSON.stringify(["message", change.prefix]), value, everywhere: false }
      }
      case "truncate": {
        const [first] = change.relations
        const truncate = JSON.stringify({
          tables: change.relations.map(tableName),
          fingerprints: change.relations.map(({ fingerprint }) => fingerprint),
          cascade: change.cascade,
          restart_identity: change.restartIdentity
        })
        const [schema, table] = [JSON.stringify(first?.schema ?? null), JSON.stringify(first?.name ?? null)]
        const value = `,"schema":${schema},"table":${table},"operation":"truncate","key":null,"before":null,"after":null,"unchanged":[],"truncate":${truncate}}`
        return { key: '["truncate"]', value, everywhere: true }
      }
      default: {
        const shape = this.#shape(change.relation)
        const before = change.op === "insert" ? null : change.before
        const after = change.op === "delete" ? null : change.after
        const { key, named } = keyOf(shape, before ?? after ?? [])
        let value = `${shape.head}"${change.op}","key":${named},"before":${values(shape, before)},"after":${values(shape, after)},"unchanged":${columnsUnchanged(shape, after)}`
        // PostgreSQL sends no such old row today; what can be said is kept all the same.
        if (before?.includes(unchanged)) value += `,"before_unchanged":${columnsUnchanged(shape, before)}`
        return { key, value: `${value}}`, everywhere: false }
      }
    }
  }

  /** All changes of a chunk, in order. */
  encode(chunk: ArchivedChunk, logTime: Micros): ReadonlyArray<EncodedRecord> {
    const head = `${this.#head}${chunk.seq},"ordinal":`
    const shared = transactionText(chunk, logTime)
    return chunk.changes.map((change, i) => {
      const ordinal = String(chunk.firstOrdinal + i)
      const { key, value, everywhere } = this.#body(change)
      return { key, value: `${head}${ordinal}${shared}${ordinal.padStart(10, "0")}"${value}`, everywhere }
    })
  }
}
