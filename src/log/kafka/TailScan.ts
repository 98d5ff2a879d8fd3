import type { LastStored } from "../Tail.ts"
import { kafkaError } from "./KafkaFault.ts"
import { type KafkaLog, positionAfter, readFrom } from "./KafkaLog.ts"
import { recordId } from "./Partitioner.ts"
import type { PartitionReader } from "./PartitionReader.ts"
import { firstPlace, type Place } from "./Place.ts"
import { commitOf, openRecord } from "./RecordDecoder.ts"
import { RowScan } from "./RowScan.ts"

/** Stored after the log's end: some of it is missing before, in other partitions. */
export interface StoredAhead {
  /** `recordId` of each record. */
  readonly ids: Set<string>
  /** What the transactions are known by. */
  readonly commits: Map<number, Pick<NonNullable<LastStored>, "commit" | "incarnation">>
}

/** The log's end as it was found. */
export interface FoundTail {
  /** Per partition: where it ends. */
  readonly ends: ReadonlyArray<number>
  readonly ahead: StoredAhead
  /** Where all that is stored of transactions that are not whole begins. */
  readonly whole: ReadonlyArray<number>
}

/** Whether the partitions still reach to where they were when the place was made. */
const reaches = (ends: ReadonlyArray<number>, { offsets }: Place): boolean =>
  offsets.every((offset, p) => (ends[p] ?? 0) >= offset)

/** Forgets what is lost, and says so: the newest place that is still there is where the search for the end begins. */
const settleLoss = ({ state }: KafkaLog, ends: ReadonlyArray<number>): boolean => {
  const { places } = state.meta
  if (reaches(ends, places.newest)) return false
  places.dropAbove((places.all.findLast((place) => reaches(ends, place)) ?? firstPlace).seq)
  return true
}

const readAhead = async (
  { state }: KafkaLog,
  reader: PartitionReader,
  ends: ReadonlyArray<number>
): Promise<StoredAhead> => {
  const ahead: StoredAhead = { ids: new Set(), commits: new Map() }
  for (;;) {
    for (const record of reader.drain()) {
      const { seq, incarnation } = record
      if (seq < reader.expected.seq || incarnation !== state.meta.incarnationOf(seq)) continue
      ahead.ids.add(recordId(record, record.partition))
      if (!ahead.commits.has(seq)) {
        ahead.commits.set(seq, { commit: commitOf(openRecord(record.value)), incarnation })
      }
    }
    if (ends.every((end, p) => reader.next(p) >= end)) return ahead
    await reader.fill(0, ends)
  }
}

/**
 * Reads from the newest place to the end of every partition: what is stored is known by identity afterwards, never
 * by a partition's last offset. Nothing else may append meanwhile.
 */
export const scanTail = async (log: KafkaLog): Promise<FoundTail> => {
  const { state } = log
  const probe = readFrom(log, firstPlace, positionAfter(firstPlace))
  const { starts, ends } = await probe.edges().finally(() => probe.close())
  const { stored, places } = state.meta
  // A mark's place is as good as any: all before it is stored.
  for (const place of [...state.meta.arrived.splice(0), ...(stored === null ? [] : [stored.place])])
    places.add(place)
  const isShort = settleLoss(log, ends)
  const base = state.rewind()
  const offsets = ends.map((_, p) => Math.max(base.offsets[p] ?? 0, starts[p] ?? 0))
  const reader = readFrom(log, { ...base, offsets }, positionAfter(base))
  try {
    const scan = new RowScan()
    for (;;) {
      const record = reader.take()
      if (record !== undefined) {
        const row = scan.take(record)
        if (row !== undefined) state.addRow(row)
      } else if (!(await reader.fill(0, ends)) && reader.isAtEnd(ends)) break
    }
    state.open = scan.open
    const ahead = await readAhead(log, reader, ends)
    state.lost =
      isShort && stored !== null
        ? kafkaError({ _tag: "BelowMark", mark: stored.mark.seq, end: state.nextSeq - 1 })
        : null
    state.setStarts(starts)
    state.showMark()
    state.changed.notify()
    return { ends, ahead, whole: state.open === null && ahead.ids.size === 0 ? ends : base.offsets }
  } finally {
    await reader.close()
  }
}
