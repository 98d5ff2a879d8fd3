import type { Change } from "../domain/Change.ts"
import type { Lsn } from "../domain/Lsn.ts"
import type { ChangeMessage } from "./ReplicationMessage.ts"
import type { ChunkLimits, Segment } from "./Segment.ts"

/** A segment that is still in memory. */
class HeldSegment implements Segment {
  readonly subxid: number
  changes: Array<Change> = []
  bytes = 0
  /** An estimate of the memory it takes. */
  weight = segmentWeight
  /** The one before it of the same subtransaction. */
  readonly previous: HeldSegment | undefined

  constructor(subxid: number, previous: HeldSegment | undefined) {
    this.subxid = subxid
    this.previous = previous
  }
}

// Estimates of memory beyond the bytes on the wire, on 64-bit V8: objects, and a pointer and a string header per cell.
const segmentWeight = 256
const changeWeight = 96
const cellWeight = 24

const weigh = (message: ChangeMessage): number => {
  const { change } = message
  switch (change.op) {
    case "insert":
      return message.bytes + changeWeight + cellWeight * change.after.length
    case "update":
      return message.bytes + changeWeight + cellWeight * (change.after.length + (change.before?.length ?? 0))
    case "delete":
      return message.bytes + changeWeight + cellWeight * change.before.length
    case "truncate":
      return message.bytes + changeWeight + cellWeight * change.relations.length
    case "message":
      return 2 * message.bytes + changeWeight
  }
}

/** A transaction whose end has not come yet: its changes in order, the front of them perhaps on disk. */
export class OpenTransaction {
  readonly xid: number
  /** Where it will commit; null for one that is streamed. */
  readonly commitLsn: Lsn | null
  origin: string | null = null
  /** An estimate of the memory it takes. */
  weight = 0
  /** Changes on disk, those of aborted subtransactions included. */
  spilledChanges = 0
  /** Subtransactions that were aborted after changes of theirs may have gone to disk. */
  readonly abortedOnDisk = new Set<number>()
  #segments: Array<HeldSegment> = []
  /** Each subtransaction's last segment in memory; empty for a transaction that came whole. */
  readonly #lastOf = new Map<number, HeldSegment>()
  #highestSpilled = 0

  constructor(xid: number, commitLsn: Lsn | null) {
    this.xid = xid
    this.commitLsn = commitLsn
  }

  get segments(): ReadonlyArray<Segment> {
    return this.#segments
  }

  /** Changes in memory. */
  get heldChanges(): number {
    let count = 0
    for (const segment of this.#segments) count += segment.changes.length
    return count
  }

  /** What it adds to the memory taken. */
  add(message: ChangeMessage, limits: ChunkLimits): number {
    const before = this.weight
    const { xid } = message
    let segment = this.#segments[this.#segments.length - 1]
    if (
      segment === undefined ||
      segment.subxid !== xid ||
      segment.changes.length >= limits.changes ||
      segment.bytes >= limits.bytes
    ) {
      segment = new HeldSegment(xid, this.#lastOf.get(xid))
      this.#segments.push(segment)
      if (xid !== 0) this.#lastOf.set(xid, segment)
      this.weight += segmentWeight
    }
    const weight = weigh(message)
    segment.changes.push(message.change)
    segment.bytes += message.bytes
    segment.weight += weight
    this.weight += weight
    return this.weight - before
  }

  /** Drops what a subtransaction did. What that frees of the memory taken. */
  abort(subxid: number): number {
    const before = this.weight
    for (let segment = this.#lastOf.get(subxid); segment !== undefined; segment = segment.previous) {
      segment.changes = []
      segment.bytes = 0
      this.weight -= segment.weight - segmentWeight
      segment.weight = segmentWeight
    }
    this.#lastOf.delete(subxid)
    // Mostly it is the last thing that happened.
    while (this.#segments.at(-1)?.changes.length === 0) {
      this.#segments.pop()
      this.weight -= segmentWeight
    }
    // Ids grow, so one that was given since the last spill has nothing on disk. (That they go round only costs time.)
    if (subxid <= this.#highestSpilled) this.abortedOnDisk.add(subxid)
    return before - this.weight
  }

  /** All that was in memory is on disk now. What that frees of the memory taken. */
  spilled(): number {
    const freed = this.weight
    for (const segment of this.#segments) {
      this.spilledChanges += segment.changes.length
      this.#highestSpilled = Math.max(this.#highestSpilled, segment.subxid)
    }
    this.#segments = []
    this.#lastOf.clear()
    this.weight = 0
    return freed
  }
}
