import { absent, unchanged } from "../../domain/Change.ts"
import { packChanges } from "../../domain/PackedChanges.ts"
import { type Column, makeRelation, type Relation, type ReplicaIdentity } from "../../domain/Relation.ts"
import type { Decoder } from "../Decoder.ts"
import { type ExcludedColumns, isExcluded } from "../ExcludedColumns.ts"
import type { ReplicationMessage } from "../ReplicationMessage.ts"
import { ChangeRun } from "./ChangeRun.ts"
import { ChangeWriter, type RowOperation } from "./ChangeWriter.ts"
import { MessageCursor } from "./MessageCursor.ts"
import { RelationCache, type WireRelation } from "./RelationCache.ts"

// The bytes that name messages and their parts (PostgreSQL, "Logical Replication Message Formats").
const A = 0x41
const B = 0x42
const C = 0x43
const D = 0x44
const E = 0x45
const I = 0x49
const K = 0x4b
const M = 0x4d
const N = 0x4e
const O = 0x4f
const R = 0x52
const S = 0x53
const T = 0x54
const U = 0x55
const Y = 0x59
const c = 0x63
const n = 0x6e
const t = 0x74
const u = 0x75

const identities = new Map<number, ReplicaIdentity>([
  [0x64, "default"],
  [0x66, "full"],
  [0x69, "index"],
  [0x6e, "nothing"]
])

const opening = 0x5b
const closing = 0x5d
const comma = 0x2c
const absentText = String(absent)
const unchangedText = String(unchanged)

/** Enough that a message costs little for each of its changes. */
const mostInRun = 64
const kinds = { insert: "Insert", update: "Update", delete: "Delete" } as const

/** Which tuple it is: what a cell may be differs. */
type Tuple = "new" | "updated" | "old" | "key"

/**
 * Decodes pgoutput, protocol 1 and 2 (with streaming of transactions in progress), values in text form.
 *
 * An old row of kind `K` has only the key columns' values: the server sends null for the others, which become
 * `absent`. Excluded columns are left out of relations and rows.
 */
export class PgoutputDecoder implements Decoder {
  readonly #cursor = new MessageCursor()
  readonly #writer = new ChangeWriter()
  readonly #relations = new RelationCache()
  /** Names of types that are not built in; the server names them again before each relation that uses them. */
  readonly #types = new Map<number, string>()
  readonly #excluded: ExcludedColumns
  readonly #run: number
  /** The streamed transaction whose block is open, 0 for none. */
  #stream = 0

  /** `run`: how many neighbouring changes one message may have. */
  constructor(options: { readonly excluded: ExcludedColumns; readonly run?: number }) {
    this.#excluded = options.excluded
    this.#run = options.run ?? mostInRun
  }

  decode(message: Buffer, into: Array<ReplicationMessage>, start = 0, end = message.length): void {
    const cursor = this.#cursor
    cursor.open(message, start, end)
    const kind = cursor.uint8()
    if (kind === I || kind === U || kind === D) {
      this.#row(kind, message, start, end, into)
      return
    }
    const decoded = this.#message(kind)
    cursor.close()
    if (decoded !== null) into.push(decoded)
  }

  #message(kind: number): ReplicationMessage | null {
    switch (kind) {
      case T:
        return this.#truncate()
      case B:
        return this.#begin()
      case C:
        return this.#commit()
      case R:
        return this.#relation()
      case Y:
        return this.#type()
      case M:
        return this.#logical()
      case O:
        return this.#origin()
      case S:
        return this.#streamStart()
      case E:
        return this.#streamStop()
      case c:
        return this.#streamCommit()
      case A:
        return this.#streamAbort()
      default:
        return this.#cursor.fail(`no kind 0x${kind.toString(16)} in protocol 2`)
    }
  }

  #row(kind: number, message: Buffer, start: number, end: number, into: Array<ReplicationMessage>): void {
    const cursor = this.#cursor
    const operation: RowOperation = kind === I ? "insert" : kind === U ? "update" : "delete"
    cursor.kind = kinds[operation]
    const xid = this.#xid()
    if (!this.#writer.open(message, start, end)) cursor.fail(`${cursor.bytes} bytes are too many for a text`)
    const wire = this.#known()
    if (kind === I) this.#insert(wire)
    else if (kind === U) this.#update(wire)
    else this.#delete(wire)
    this.#writer.byte(closing)
    this.#writer.close()
    cursor.close()
    const { written } = this.#writer
    const last = into[into.length - 1]
    const joined =
      last instanceof ChangeRun && last.add(xid, cursor.bytes, operation, wire.relations, written, this.#run)
    if (!joined) into.push(new ChangeRun(xid, cursor.bytes, operation, wire.relations, written))
  }

  /** Inside a stream every message names its (sub)transaction. */
  #xid(): number {
    return this.#stream === 0 ? 0 : this.#cursor.uint32()
  }

  #insert(wire: WireRelation): void {
    if (this.#cursor.uint8() !== N) this.#cursor.fail("a new row expected")
    this.#writer.put(wire.prefixes.insert)
    this.#tuple(wire, "new")
  }

  #update(wire: WireRelation): void {
    let part = this.#cursor.uint8()
    this.#writer.put(wire.prefixes.update)
    if (part === K || part === O) {
      this.#tuple(wire, part === K ? "key" : "old")
      part = this.#cursor.uint8()
    } else this.#writer.put("null")
    if (part !== N) this.#cursor.fail("a new row expected")
    this.#writer.byte(comma)
    this.#tuple(wire, "updated")
  }

  #delete(wire: WireRelation): void {
    const part = this.#cursor.uint8()
    if (part !== K && part !== O) this.#cursor.fail("an old row expected")
    this.#writer.put(wire.prefixes.delete)
    this.#tuple(wire, part === K ? "key" : "old")
  }

  #truncate(): ReplicationMessage {
    const cursor = this.#cursor
    cursor.kind = "Truncate"
    const xid = this.#xid()
    const count = cursor.uint32()
    const options = cursor.uint8()
    if (count === 0 || options > 3) cursor.fail("an impossible list of tables or options")
    const relations: Array<Relation> = []
    // A count beyond the message ends with its last byte.
    for (let i = 0; i < count; i++) relations.push(this.#known().relation)
    const cascade = (options & 1) !== 0
    const change = packChanges([{ op: "truncate", relations, cascade, restartIdentity: (options & 2) !== 0 }])
    return { _tag: "Change", xid, change, bytes: cursor.bytes }
  }

  #known(): WireRelation {
    const oid = this.#cursor.uint32()
    return this.#relations.find(oid) ?? this.#cursor.fail(`relation ${oid} was never described`)
  }

  #tuple(wire: WireRelation, tuple: Tuple): void {
    const cursor = this.#cursor
    const writer = this.#writer
    const { places } = wire
    const { columns } = wire.relation
    const count = cursor.uint16()
    if (count !== places.length) cursor.fail(`${count} columns, but the relation has ${places.length}`)
    writer.byte(opening)
    for (let i = 0; i < count; i++) {
      const kind = cursor.uint8()
      // In range: as many places as columns.
      const place = places[i] as number
      if (kind !== t && kind !== n && kind !== u)
        cursor.fail(`a value of kind 0x${kind.toString(16)}, which was not asked for`)
      const length = kind === t ? cursor.int32() : 0
      if (kind === u && tuple === "new") cursor.fail("an inserted value that was not sent")
      if (place < 0) {
        cursor.skip(length)
        continue
      }
      if (place > 0) writer.byte(comma)
      if (tuple === "key" && kind !== u && columns[place]?.key !== true) {
        cursor.skip(length)
        writer.put(absentText)
      } else if (kind === t) cursor.copyText(length, writer)
      else if (kind === n) writer.put("null")
      else writer.put(tuple === "updated" ? unchangedText : absentText)
    }
    writer.byte(closing)
  }

  #relation(): ReplicationMessage | null {
    const cursor = this.#cursor
    cursor.kind = "Relation"
    this.#xid()
    const oid = cursor.uint32()
    // pg_catalog is sent as the empty string.
    const schema = cursor.name() || "pg_catalog"
    const name = cursor.name()
    const identity = identities.get(cursor.uint8()) ?? cursor.fail("an unknown replica identity")
    const count = cursor.uint16()
    const columns: Array<Column> = []
    const places: Array<number> = []
    for (let i = 0; i < count; i++) {
      const key = (cursor.uint8() & 1) !== 0 || identity === "full"
      const column = cursor.name()
      const typeOid = cursor.uint32()
      const typmod = cursor.int32()
      if (isExcluded(this.#excluded, schema, name, column)) places.push(-1)
      else {
        const typeName = this.#types.get(typeOid) ?? ""
        places.push(columns.push({ name: column, typeOid, typmod, typeName, key }) - 1)
      }
    }
    cursor.close()
    const described = makeRelation({ schema, name, identity, columns })
    const relation = this.#relations.describe(oid, described, places)
    return relation === described ? { _tag: "Relation", relation } : null
  }

  #type(): null {
    const cursor = this.#cursor
    cursor.kind = "Type"
    this.#xid()
    const oid = cursor.uint32()
    const schema = cursor.name()
    const name = cursor.name()
    cursor.close()
    this.#types.set(oid, schema === "" ? name : `${schema}.${name}`)
    return null
  }

  #logical(): ReplicationMessage {
    const cursor = this.#cursor
    cursor.kind = "Message"
    const xid = this.#xid()
    const flags = cursor.uint8()
    const lsn = cursor.lsn()
    const prefix = cursor.name()
    const content = cursor.base64(cursor.int32())
    if (flags > 1) cursor.fail("unknown flags")
    return flags === 0
      ? { _tag: "Message", lsn, prefix, content }
      : {
          _tag: "Change",
          xid,
          change: packChanges([{ op: "message", prefix, content }]),
          bytes: cursor.bytes
        }
  }

  #begin(): ReplicationMessage {
    const cursor = this.#cursor
    this.#outside("Begin")
    const commitLsn = cursor.lsn()
    const commitTime = cursor.micros()
    return { _tag: "Begin", xid: cursor.uint32(), commitLsn, commitTime }
  }

  #commit(): ReplicationMessage {
    const cursor = this.#cursor
    this.#outside("Commit")
    if (cursor.uint8() !== 0) cursor.fail("unknown flags")
    return { _tag: "Commit", commitLsn: cursor.lsn(), endLsn: cursor.lsn(), commitTime: cursor.micros() }
  }

  #origin(): ReplicationMessage {
    const cursor = this.#cursor
    cursor.kind = "Origin"
    cursor.lsn()
    return { _tag: "Origin", name: cursor.name() }
  }

  #streamStart(): ReplicationMessage {
    const cursor = this.#cursor
    this.#outside("StreamStart")
    const xid = this.#streamXid()
    const first = cursor.uint8()
    cursor.close()
    if (first > 1) cursor.fail("unknown flags")
    this.#stream = xid
    this.#relations.enterStream(xid)
    // Transactions in progress end at different times: none keeps another's buffer alive.
    this.#writer.apart()
    return { _tag: "StreamStart", xid, first: first === 1 }
  }

  #streamStop(): ReplicationMessage {
    this.#cursor.kind = "StreamStop"
    if (this.#stream === 0) this.#cursor.fail("no stream is open")
    this.#stream = 0
    this.#relations.leaveStream()
    return { _tag: "StreamStop" }
  }

  #streamCommit(): ReplicationMessage {
    const cursor = this.#cursor
    this.#outside("StreamCommit")
    const xid = this.#streamXid()
    if (cursor.uint8() !== 0) cursor.fail("unknown flags")
    const commitLsn = cursor.lsn()
    const endLsn = cursor.lsn()
    const commitTime = cursor.micros()
    cursor.close()
    this.#relations.commitStream(xid)
    return { _tag: "StreamCommit", xid, commitLsn, endLsn, commitTime }
  }

  #streamAbort(): ReplicationMessage {
    const cursor = this.#cursor
    this.#outside("StreamAbort")
    const xid = this.#streamXid()
    const subxid = cursor.uint32()
    cursor.close()
    this.#relations.abortStream(xid)
    return { _tag: "StreamAbort", xid, subxid }
  }

  #streamXid(): number {
    const xid = this.#cursor.uint32()
    if (xid === 0) this.#cursor.fail("no transaction id")
    return xid
  }

  #outside(kind: string): void {
    this.#cursor.kind = kind
    if (this.#stream !== 0) this.#cursor.fail(`not allowed inside the stream of ${this.#stream}`)
  }
}
