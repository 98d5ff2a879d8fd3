import { PackedChunk } from "../domain/PackedChunk.ts"
import type { Commit } from "../domain/Transaction.ts"
import { ChunkCutter } from "./ChunkCutter.ts"
import { OpenTransaction } from "./OpenTransaction.ts"
import type {
  Begin,
  CommitMessage,
  ReplicationMessage,
  StreamAbort,
  StreamCommit,
  StreamStart
} from "./ReplicationMessage.ts"
import type { ChunkLimits } from "./Segment.ts"
import { SequenceError } from "./SequenceError.ts"
import type { SourceItem } from "./SourceItem.ts"

/** A committed transaction of which a part is on disk: to be read back, then removed. */
export interface SpilledTransaction {
  readonly _tag: "Spilled"
  /** Without the count, which is known when aborted subtransactions are counted out. */
  readonly commit: Omit<Commit, "count">
  readonly transaction: OpenTransaction
}

/** A transaction was rolled back that has a file: to be removed. */
export interface AbortedTransaction {
  readonly _tag: "Aborted"
  readonly transaction: OpenTransaction
}

export type Assembled = SourceItem | SpilledTransaction | AbortedTransaction

const refuse = (detail: string): never => {
  throw new SequenceError({ detail })
}

/**
 * Puts transactions together from an output plugin's messages: those that come whole, and those that are streamed
 * while they run, whose blocks interleave and whose subtransactions may abort. One connection has one; nothing of
 * it outlives the connection, since the server then sends every unconfirmed transaction again from its start.
 */
export class AssemblerState {
  readonly #limits: ChunkLimits
  /** Where the next change belongs. */
  #current: OpenTransaction | null = null
  readonly #streams = new Map<number, OpenTransaction>()
  #weight = 0

  constructor(limits: ChunkLimits) {
    this.#limits = limits
  }

  /** Whether a transaction is open. */
  get isOpen(): boolean {
    return this.#current !== null || this.#streams.size > 0
  }

  get openTransactions(): number {
    return this.#streams.size + (this.#current !== null && this.#current.commitLsn !== null ? 1 : 0)
  }

  /** An estimate of the memory that open transactions take, in bytes. */
  get weight(): number {
    return this.#weight
  }

  /** The open transaction that takes most: the one to spill. */
  get largest(): OpenTransaction | null {
    let largest = this.#current
    for (const transaction of this.#streams.values()) {
      if (largest === null || transaction.weight > largest.weight) largest = transaction
    }
    return largest
  }

  /** To be called when all of its segments are on disk. */
  spilled(transaction: OpenTransaction): void {
    this.#weight -= transaction.spilled()
  }

  /** What these messages complete, in commit order. Throws a SequenceError; after that the state is of no more use. */
  push(messages: ReadonlyArray<ReplicationMessage>): ReadonlyArray<Assembled> {
    const into: Array<Assembled> = []
    for (const message of messages) this.#push(message, into)
    return into
  }

  #push(message: ReplicationMessage, into: Array<Assembled>): void {
    switch (message._tag) {
      case "Change": {
        const current = this.#current ?? refuse("a change outside a transaction")
        this.#weight += current.add(message, this.#limits)
        return
      }
      case "Begin":
        this.#begin(message)
        return
      case "Commit":
        this.#commit(message, into)
        return
      case "Relation":
        return
      case "Message":
        into.push(message)
        return
      case "Origin":
        ;(this.#current ?? refuse("an origin outside a transaction")).origin = message.name
        return
      case "StreamStart":
        this.#streamStart(message)
        return
      case "StreamStop":
        if (this.#current === null || this.#current.commitLsn !== null)
          refuse("the end of a block that never began")
        this.#current = null
        return
      case "StreamCommit":
        this.#streamCommit(message, into)
        return
      case "StreamAbort":
        this.#streamAbort(message, into)
        return
    }
  }

  #begin(begin: Begin): void {
    if (this.#current !== null) refuse(`transaction ${begin.xid} begins inside ${this.#current.xid}`)
    this.#current = new OpenTransaction(begin.xid, begin.commitLsn)
  }

  #commit(commit: CommitMessage, into: Array<Assembled>): void {
    const transaction = this.#current ?? refuse("a commit without a transaction")
    if (transaction.commitLsn !== commit.commitLsn)
      refuse(`transaction ${transaction.xid} does not commit where it said`)
    this.#current = null
    this.#complete(transaction, commit, into)
  }

  #streamStart(start: StreamStart): void {
    if (this.#current !== null) refuse(`a block of ${start.xid} begins inside ${this.#current.xid}`)
    let transaction = this.#streams.get(start.xid)
    if (start.first !== (transaction === undefined)) {
      refuse(start.first ? `transaction ${start.xid} begins twice` : `transaction ${start.xid} never began`)
    }
    if (transaction === undefined) {
      transaction = new OpenTransaction(start.xid, null)
      this.#streams.set(start.xid, transaction)
    }
    this.#current = transaction
  }

  #streamed(xid: number): OpenTransaction {
    if (this.#current !== null) refuse(`transaction ${xid} ends inside ${this.#current.xid}`)
    return this.#streams.get(xid) ?? refuse(`transaction ${xid} ends and never began`)
  }

  #streamCommit(commit: StreamCommit, into: Array<Assembled>): void {
    const transaction = this.#streamed(commit.xid)
    this.#streams.delete(commit.xid)
    this.#complete(transaction, commit, into)
  }

  #streamAbort(abort: StreamAbort, into: Array<Assembled>): void {
    const transaction = this.#streamed(abort.xid)
    if (abort.xid !== abort.subxid) {
      this.#weight -= transaction.abort(abort.subxid)
      return
    }
    this.#streams.delete(abort.xid)
    this.#weight -= transaction.weight
    if (transaction.spilledChanges > 0) into.push({ _tag: "Aborted", transaction })
  }

  #complete(transaction: OpenTransaction, end: CommitMessage | StreamCommit, into: Array<Assembled>): void {
    this.#weight -= transaction.weight
    const { xid, origin } = transaction
    const { commitLsn, endLsn, commitTime } = end
    if (transaction.spilledChanges > 0) {
      into.push({ _tag: "Spilled", commit: { xid, commitLsn, endLsn, commitTime, origin }, transaction })
      return
    }
    const count = transaction.heldChanges
    if (count === 0) {
      into.push({ _tag: "Empty", endLsn, commitTime })
      return
    }
    const commit = { xid, commitLsn, endLsn, commitTime, origin, count }
    const { segments } = transaction
    const [only] = segments
    // Most transactions: nothing to cut or join.
    if (only !== undefined && segments.length === 1) {
      const chunk = new PackedChunk({ commit, firstOrdinal: 0, last: true, bytes: only.bytes }, only.changes)
      into.push({ _tag: "Chunk", chunk })
      return
    }
    const cutter = new ChunkCutter(commit, this.#limits)
    for (const segment of segments) {
      const chunk = cutter.add(segment)
      if (chunk !== null) into.push({ _tag: "Chunk", chunk })
    }
    const chunk = cutter.finish()
    if (chunk !== null) into.push({ _tag: "Chunk", chunk })
  }
}
