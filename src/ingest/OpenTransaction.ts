import { ChangePacker } from "../domain/ChangePacker.ts"
import type { Lsn } from "../domain/Lsn.ts"
import type { ChangeMessage } from "./ReplicationMessage.ts"
import type { ChunkLimits, Segment } from "./Segment.ts"

/** A segment that is still in memory. */
class HeldSegment {
  readonly subxid: number
  changes = new ChangePacker()
  bytes = 0
  /** The one before it of the same subtransaction. */
  readonly previous: HeldSegment | undefined

  constructor(subxid: number, previous: HeldSegment | undefined) {
    this.subxid = subxid
    this.previous = previous
  }
}

/** An estimate of what a segment takes in memory beyond its text. */
const segmentWeight = 512

// Most transactions are small and need neither set nor map: they are made when they are.
const none: ReadonlySet<number> = new Set()

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
  get abortedOnDisk(): ReadonlySet<number> {
    return this.#abortedOnDisk ?? none
  }
  #segments: Array<HeldSegment> = []
  /** Each subtransaction's last segment in memory; empty for a transaction that came whole. */
  #lastOf: Map<number, HeldSegment> | undefined
  #abortedOnDisk: Set<number> | undefined
  #highestSpilled = 0

  constructor(xid: number, commitLsn: Lsn | null) {
    this.xid = xid
    this.commitLsn = commitLsn
  }

  /** Those in memory, but for dropped ones. */
  get segments(): ReadonlyArray<Segment> {
    return this.#segments
      .filter(({ changes }) => changes.count > 0)
      .map(({ subxid, changes, bytes }) => ({ subxid, changes: changes.finish(), bytes }))
  }

  /** Changes in memory. */
  get heldChanges(): number {
    let count = 0
    for (const segment of this.#segments) count += segment.changes.count
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
      segment.changes.count + message.change.count > limits.changes ||
      segment.bytes >= limits.bytes
    ) {
      segment = new HeldSegment(xid, this.#lastOf?.get(xid))
      this.#segments.push(segment)
      if (xid !== 0) {
        this.#lastOf ??= new Map()
        this.#lastOf.set(xid, segment)
      }
      this.weight += segmentWeight
    }
    segment.changes.add(message.change)
    segment.bytes += message.bytes
    this.weight += message.change.end - message.change.start
    return this.weight - before
  }

  /** Drops what a subtransaction did. What that frees of the memory taken. */
  abort(subxid: number): number {
    const before = this.weight
    for (let segment = this.#lastOf?.get(subxid); segment !== undefined; segment = segment.previous) {
      // Its weight stays: other changes may keep the buffer in which the text lies.
      segment.changes = new ChangePacker()
      segment.bytes = 0
    }
    this.#lastOf?.delete(subxid)
    // Mostly it is the last thing that happened.
    while (this.#segments.at(-1)?.changes.count === 0) {
      this.#segments.pop()
      this.weight -= segmentWeight
    }
    // Ids grow, so one that was given since the last spill has nothing on disk. (That they go round only costs time.)
    if (subxid <= this.#highestSpilled) {
      this.#abortedOnDisk ??= new Set()
      this.#abortedOnDisk.add(subxid)
    }
    return before - this.weight
  }

  /** All that was in memory is on disk now. What that frees of the memory taken. */
  spilled(): number {
    const freed = this.weight
    for (const segment of this.#segments) {
      this.spilledChanges += segment.changes.count
      this.#highestSpilled = Math.max(this.#highestSpilled, segment.subxid)
    }
    this.#segments = []
    this.#lastOf?.clear()
    this.weight = 0
    return freed
  }
}
