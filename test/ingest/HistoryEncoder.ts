import type { Change } from "../../src/domain/Change.ts"
import type { Relation } from "../../src/domain/Relation.ts"
import type { Dice } from "../log/Dice.ts"
import { PgoutputEncoder as wire } from "./PgoutputEncoder.ts"
import type { History, HistoryEvent } from "./RandomHistory.ts"

interface Sending {
  /** Not sent yet. */
  pending: Array<{ readonly subxid: number; readonly change: Change }>
  /** The subtransactions of which something was streamed. */
  readonly streamed: Set<number>
  /** Whether its first block was sent. */
  begun: boolean
}

/**
 * Sends a history as a walsender does: each transaction whole at its commit, or, where `streaming` says so, in blocks
 * while it runs. Keeps the server's own books of which relations it has described to whom.
 */
export class HistoryEncoder {
  readonly messages: Array<Buffer> = []
  readonly #history: History
  readonly #dice: Dice
  readonly #streaming: boolean
  readonly #open = new Map<number, Sending>()
  readonly #described = new Map<number, Relation>()
  readonly #streams = new Map<number, Map<number, Relation>>()

  constructor(history: History, dice: Dice, streaming: boolean) {
    this.#history = history
    this.#dice = dice
    this.#streaming = streaming
    for (const event of history.events) this.#event(event)
  }

  #event(event: HistoryEvent): void {
    if (this.#dice.oneIn(15)) this.#forget()
    switch (event._tag) {
      case "Message":
        this.messages.push(
          wire.message(0, false, event.lsn, event.prefix, Buffer.from(event.content, "base64"))
        )
        return
      case "Change": {
        const open = this.#sending(event.xid)
        open.pending.push({ subxid: event.subxid, change: event.change })
        if (this.#streaming && this.#dice.oneIn(4))
          this.#block(event.xid, this.#dice.pick([...this.#open.keys()]))
        return
      }
      case "SubAbort": {
        const open = this.#sending(event.xid)
        if (this.#streaming && open.begun && this.#dice.oneIn(3)) this.#block(event.xid, event.xid)
        open.pending = open.pending.filter(({ subxid }) => !event.subxids.includes(subxid))
        this.#abort(event.xid, event.subxids, open)
        return
      }
      case "Abort": {
        const open = this.#sending(event.xid)
        this.#open.delete(event.xid)
        if (!open.begun) return
        this.#abort(event.xid, event.subxids, open)
        this.messages.push(wire.streamAbort(event.xid, event.xid))
        this.#streams.delete(event.xid)
        return
      }
      case "Commit":
        this.#commit(event, this.#sending(event.xid))
    }
  }

  /** A cache invalidation: the server describes a relation again to everybody. */
  #forget(): void {
    const oid = this.#dice.pick([...this.#described.keys(), 0])
    this.#described.delete(oid)
    for (const stream of this.#streams.values()) stream.delete(oid)
  }

  #sending(xid: number): Sending {
    const known = this.#open.get(xid)
    if (known !== undefined) return known
    const sending = { pending: [], streamed: new Set<number>(), begun: false }
    this.#open.set(xid, sending)
    return sending
  }

  #abort(xid: number, subxids: ReadonlyArray<number>, open: Sending): void {
    for (const subxid of subxids) {
      if (!open.streamed.has(subxid)) continue
      this.messages.push(wire.streamAbort(xid, subxid))
      this.#streams.delete(xid)
    }
  }

  /** A block of the largest transaction: of this one, or of any other that has something to send. */
  #block(xid: number, other: number): void {
    const chosen = this.#sending(other).pending.length > 0 ? other : xid
    const open = this.#sending(chosen)
    const origin = this.#history.events.find((event) => event._tag === "Commit" && event.xid === chosen)
    this.messages.push(wire.streamStart(chosen, !open.begun))
    if (!open.begun && origin?._tag === "Commit" && origin.origin !== null) {
      this.messages.push(wire.origin(0n, origin.origin))
    }
    open.begun = true
    const described = this.#streams.get(chosen) ?? new Map<number, Relation>()
    this.#streams.set(chosen, described)
    for (const { subxid, change } of open.pending) {
      open.streamed.add(subxid)
      this.#change(subxid, change, described)
    }
    open.pending = []
    this.messages.push(wire.streamStop())
  }

  #change(xid: number, change: Change, described: Map<number, Relation>): void {
    const { oidOf } = this.#history
    const relations =
      change.op === "message" ? [] : change.op === "truncate" ? change.relations : [change.relation]
    for (const relation of relations) {
      const oid = oidOf(relation)
      if (described.get(oid) === relation) continue
      this.messages.push(wire.relation(xid, oid, relation))
      described.set(oid, relation)
    }
    this.messages.push(wire.change(xid, change, oidOf))
  }

  #commit(event: Extract<HistoryEvent, { readonly _tag: "Commit" }>, open: Sending): void {
    const { xid, commitLsn, endLsn, commitTime, origin } = event
    this.#open.delete(xid)
    if (open.begun) {
      if (open.pending.length > 0 || this.#dice.oneIn(2)) {
        this.#open.set(xid, open)
        this.#block(xid, xid)
        this.#open.delete(xid)
      }
      this.messages.push(wire.streamCommit(xid, commitLsn, endLsn, commitTime))
      for (const [oid, relation] of this.#streams.get(xid) ?? []) this.#described.set(oid, relation)
      this.#streams.delete(xid)
      return
    }
    // Later versions skip a transaction of which nothing is published.
    if (open.pending.length === 0 && this.#dice.oneIn(2)) return
    this.messages.push(wire.begin(commitLsn, commitTime, xid))
    if (origin !== null) this.messages.push(wire.origin(0n, origin))
    for (const { change } of open.pending) this.#change(0, change, this.#described)
    this.messages.push(wire.commit(commitLsn, endLsn, commitTime))
  }
}
