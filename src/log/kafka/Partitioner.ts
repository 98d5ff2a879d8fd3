import type { Position } from "../../domain/Position.ts"

/** From a transaction on, records are spread over so many partitions. */
export interface PartitionEpoch {
  readonly fromSeq: number
  readonly partitions: number
}

/** The count in force for a transaction. It never changes for one that may be stored in part. */
export const partitionsFor = (epochs: ReadonlyArray<PartitionEpoch>, seq: number): number =>
  epochs.findLast(({ fromSeq }) => fromSeq <= seq)?.partitions ?? 1

/** FNV-1a, 32 bits, over UTF-16 code units: ours alone, so that it is the same for ever, whatever clients do. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

export const partitionOf = (key: string, partitions: number): number => hash(key) % partitions

/** A record's identity among those that are stored out of order. */
export const recordId = ({ seq, ordinal }: Position, partition: number): string =>
  `${seq}.${ordinal}.${partition}`
