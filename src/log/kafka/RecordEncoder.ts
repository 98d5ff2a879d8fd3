import { createHash } from "node:crypto"
import { decodeChanges } from "../../domain/ChangeCodec.ts"
import type { Micros } from "../../domain/Micros.ts"
import type { PackedChanges } from "../../domain/PackedChanges.ts"
import { packedOf } from "../../domain/PackedChunk.ts"
import type { Relation } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { otherRecord } from "./OtherRecord.ts"
import { afterArray, afterText, cell, RowCells } from "./PackedText.ts"
import type { RecordBytes } from "./RecordBatch.ts"
import { type RecordShape, recordShape } from "./RecordShape.ts"
import { transactionText } from "./TransactionText.ts"
import { Workspace } from "./Workspace.ts"

/** A change as it goes to Kafka; docs/kafka.md says what the texts are. The bytes are good until the next is given. */
export interface EncodedRecord extends RecordBytes {
  readonly end: number
  /** A TRUNCATE goes to every partition, such that readers of a single one see it between the rows. */
  readonly everywhere: boolean
}

/** In place of longer keys goes their hash: a key comes with every part of a large record. */
const longestKey = 1024

const shorten = (keyHead: string, key: string): string =>
  key.length <= longestKey ? key : `${keyHead}"sha256:${createHash("sha256").update(key).digest("base64")}"]]`

const words = [
  '"insert","key":{',
  '"update","key":{',
  '"delete","key":{',
  '},"before":',
  ',"after":',
  ',"unchanged":[',
  '],"before_unchanged":[',
  "null",
  "]]"
].map((word) => Buffer.from(word))
const vocabulary = Buffer.concat(words)
const wordEnds: Array<number> = []
for (const word of words) wordEnds.push((wordEnds.at(-1) ?? 0) + word.length)

/** Each word's number, in the order above. */
const word = {
  insert: 0,
  update: 1,
  delete: 2,
  before: 3,
  after: 4,
  unchanged: 5,
  beforeUnchanged: 6,
  null: 7,
  keyEnd: 8
}

const [comma, quote, curlyOpen, curlyShut, shut] = [0x2c, 0x22, 0x7b, 0x7d, 0x5d]
const [letterI, letterU, letterD] = [0x69, 0x75, 0x64]

/** Digits of two ordinals, and what else has no length of its own. */
const smallThings = 256

/** Where a record's value begins: by it readers tell records of this source from others. */
export const valueHead = (source: string): string => `{"source":${JSON.stringify(source)},"seq":`

/**
 * Turns changes into Kafka's keys and values. Cells are copied as packed changes have them, bytes to bytes: they are
 * JSON already. It is the archive's hottest loop, and makes neither text nor object for a change.
 */
export class RecordEncoder {
  readonly #valueHead: string
  readonly #shapes = new Map<Relation, RecordShape>()
  readonly #space = new Workspace()
  readonly #before = new RowCells()
  readonly #after = new RowCells()
  /** Of the chunk at hand: what lies in the workspace, where. */
  #headStart = 0
  #headEnd = 0
  #sharedEnd = 0

  constructor(source: string) {
    this.#valueHead = valueHead(source)
  }

  /** Gives all changes of a chunk, in order. */
  encode(chunk: ArchivedChunk, logTime: Micros, give: (record: EncodedRecord) => void): void {
    const space = this.#space
    const packed = packedOf(chunk)
    space.clear()
    space.room(vocabulary.length + packed.end - packed.start)
    space.take(vocabulary, 0, vocabulary.length)
    let at = space.at
    space.take(packed.buffer, packed.start, packed.end)
    const end = space.at
    this.#headStart = end
    space.text(`${this.#valueHead}${chunk.seq},"ordinal":`)
    this.#headEnd = space.at
    space.text(transactionText(chunk, logTime))
    this.#sharedEnd = space.at
    const shapes = packed.relations.map((relation) => this.#shapeOf(relation))
    for (const shape of shapes) this.#place(shape)
    const start = space.at
    for (let ordinal = chunk.firstOrdinal; at < end; ordinal++) {
      space.at = start
      at = this.#record(at, shapes, packed, ordinal, give) + 1
    }
  }

  #shapeOf(relation: Relation): RecordShape {
    const known = this.#shapes.get(relation)
    if (known !== undefined) return known
    // A relation has one object per fingerprint and connection: few, but not for ever the same.
    if (this.#shapes.size > 10_000) this.#shapes.clear()
    const shape = recordShape(relation)
    this.#shapes.set(relation, shape)
    return shape
  }

  #place(shape: RecordShape): void {
    const space = this.#space
    space.room(shape.bytes.length)
    shape.base = space.at
    space.take(shape.bytes, 0, shape.bytes.length)
  }

  /** Gives where the change ends. */
  #record(
    at: number,
    shapes: ReadonlyArray<RecordShape>,
    packed: PackedChanges,
    ordinal: number,
    give: (record: EncodedRecord) => void
  ): number {
    const { bytes } = this.#space
    const letter = bytes[at + 2]
    if (letter !== letterI && letter !== letterU && letter !== letterD)
      return this.#other(at, packed, ordinal, give)
    const rows = afterText(bytes, at + 5)
    const shape = this.#shapeNamed(at + 6, rows - 1, shapes)
    let hasBefore = letter === letterD
    let next = rows + 1
    if (letter === letterU) {
      hasBefore = bytes[next] !== cell.null
      next = hasBefore ? this.#before.scan(bytes, next) + 1 : next + 5
    }
    next = (letter === letterD ? this.#before : this.#after).scan(bytes, next)
    const before = hasBefore ? this.#before : null
    const after = letter === letterD ? null : this.#after
    const operation = letter === letterI ? word.insert : letter === letterU ? word.update : word.delete
    this.#row(shape, operation, before, after, ordinal, next - at, give)
    return next + 1
  }

  #shapeNamed(start: number, end: number, shapes: ReadonlyArray<RecordShape>): RecordShape {
    const { bytes } = this.#space
    for (const shape of shapes) {
      if (shapes.length === 1 || shape.fingerprint.compare(bytes, start, end) === 0) return shape
    }
    throw new RangeError(`unknown schema version ${bytes.toString("latin1", start, end)}`)
  }

  #row(
    shape: RecordShape,
    operation: number,
    before: RowCells | null,
    after: RowCells | null,
    ordinal: number,
    length: number,
    give: (record: EncodedRecord) => void
  ): void {
    const space = this.#space
    const naming = before ?? after
    if (naming === null) throw new RangeError("a change of a row has a row")
    let keyBytes = 0
    for (const i of shape.keys) keyBytes += (naming.ends[i] ?? 0) - (naming.starts[i] ?? 0)
    // Names come at most in key, before, after, and twice among the unchanged.
    space.room(
      smallThings +
        this.#sharedEnd -
        this.#headStart +
        vocabulary.length +
        shape.bytes.length * 5 +
        length +
        keyBytes * 2
    )
    const start = space.at
    const { base } = shape
    space.repeat(base, base + shape.keyHead)
    this.#cells(shape, naming, shape.keys, false)
    this.#word(word.keyEnd)
    let keyEnd = space.at
    if (keyEnd - start > longestKey) keyEnd = this.#shortKey(shape, start)
    this.#head(ordinal)
    space.repeat(base + shape.keyHead, base + shape.head)
    this.#word(operation)
    this.#cells(shape, naming, shape.keys, true)
    this.#word(word.before)
    this.#values(shape, before)
    this.#word(word.after)
    this.#values(shape, after)
    this.#word(word.unchanged)
    this.#unchanged(shape, after)
    // PostgreSQL sends no such old row today; what can be said is kept all the same.
    if (before !== null && this.#hasUnchanged(before)) {
      this.#word(word.beforeUnchanged)
      this.#unchanged(shape, before)
    }
    space.byte(shut)
    space.byte(curlyShut)
    give({ bytes: space.bytes, start, keyEnd, end: space.at, everywhere: false })
  }

  #word(number: number): void {
    this.#space.repeat(wordEnds[number - 1] ?? 0, wordEnds[number] ?? 0)
  }

  /** The value up to what the change itself says. */
  #head(ordinal: number): void {
    const space = this.#space
    space.repeat(this.#headStart, this.#headEnd)
    space.digits(ordinal, 1)
    space.repeat(this.#headEnd, this.#sharedEnd)
    space.digits(ordinal, 10)
    space.byte(quote)
  }

  /** Those of some columns that are there, with commas between; by name if `named`. */
  #cells(shape: RecordShape, row: RowCells, columns: ReadonlyArray<number>, named: boolean): void {
    const first = this.#space.at
    for (const i of columns) if (i < row.count) this.#cell(shape, row, i, first, named)
  }

  #values(shape: RecordShape, row: RowCells | null): void {
    if (row === null) {
      this.#word(word.null)
      return
    }
    const space = this.#space
    space.byte(curlyOpen)
    const first = space.at
    for (let i = 0; i < row.count; i++) this.#cell(shape, row, i, first, true)
    space.byte(curlyShut)
  }

  #cell(shape: RecordShape, row: RowCells, i: number, first: number, named: boolean): void {
    const space = this.#space
    // In range: a row has no more cells than its relation columns.
    const start = row.starts[i] as number
    const kind = space.bytes[start]
    if (kind === cell.unchanged || kind === cell.absent) return
    if (space.at !== first) space.byte(comma)
    if (named) space.repeat(shape.base + (shape.starts[i] as number), shape.base + (shape.ends[i] as number))
    space.repeat(start, row.ends[i] as number)
  }

  #hasUnchanged(row: RowCells): boolean {
    for (let i = 0; i < row.count; i++) {
      if (this.#space.bytes[row.starts[i] as number] === cell.unchanged) return true
    }
    return false
  }

  /** The names of the columns whose value is not known. */
  #unchanged(shape: RecordShape, row: RowCells | null): void {
    const space = this.#space
    if (row === null) return
    const first = space.at
    for (let i = 0; i < row.count; i++) {
      if (space.bytes[row.starts[i] as number] !== cell.unchanged) continue
      if (space.at !== first) space.byte(comma)
      // Without its colon.
      space.repeat(shape.base + (shape.starts[i] as number), shape.base + (shape.ends[i] as number) - 1)
    }
  }

  /** Puts what a long key becomes in its place; gives where that ends. */
  #shortKey(shape: RecordShape, start: number): number {
    const space = this.#space
    const key = space.bytes.toString("utf8", start, space.at)
    const head = shape.bytes.toString("utf8", 0, shape.keyHead)
    space.at = start
    space.text(shorten(head, key))
    return space.at
  }

  #other(at: number, packed: PackedChanges, ordinal: number, give: (record: EncodedRecord) => void): number {
    const space = this.#space
    const end = afterArray(space.bytes, at)
    const [change] = decodeChanges(space.bytes.toString("utf8", at, end), (fingerprint) =>
      packed.relations.find((relation) => relation.fingerprint === fingerprint)
    )
    if (change?.op !== "message" && change?.op !== "truncate")
      throw new RangeError("a change of no known kind")
    const { key, rest } = otherRecord(change)
    const start = space.at
    space.text(key)
    const keyEnd = space.at
    space.room(smallThings + this.#sharedEnd - this.#headStart)
    this.#head(ordinal)
    space.text(rest)
    give({ bytes: space.bytes, start, keyEnd, end: space.at, everywhere: change.op === "truncate" })
    return end
  }
}
