import type { Position } from "../../domain/Position.ts"

/** From a transaction on, records are spread over so many partitions. */
export interface PartitionEpoch {
  readonly fromSeq: number
  readonly partitions: number
}

/** The count in force for a transaction. It never changes for one that may be stored in part. */
export const partitionsFor = (epochs: ReadonlyArray<PartitionEpoch>, seq: number): number =>
  epochs.findLast(({ fromSeq }) => fromSeq <= seq)?.partitions ?? 1

const [basis, prime] = [0x811c9dc5, 0x01000193]

/**
 * FNV-1a, 32 bits, over the UTF-16 code units of a text in UTF-8: ours alone, so that it is the same for ever, whatever
 * clients do.
 */
const hash = (bytes: Buffer, start: number, end: number): number => {
  let value = basis
  for (let i = start; i < end; ) {
    // In range: a key is whole, and so is each of its characters.
    const first = bytes[i++] as number
    if (first < 0x80) {
      value = Math.imul(value ^ first, prime)
      continue
    }
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
    let point = first & (0x3f >> more)
    for (let left = more; left > 0; left--) point = (point << 6) | ((bytes[i++] as number) & 0x3f)
    if (point < 0x10000) value = Math.imul(value ^ point, prime)
    else {
      const above = point - 0x10000
      value = Math.imul(value ^ (0xd800 + (above >> 10)), prime)
      value = Math.imul(value ^ (0xdc00 + (above & 0x3ff)), prime)
    }
  }
  return value >>> 0
}

/** Of the key that lies there. */
export const partitionOf = (bytes: Buffer, start: number, end: number, partitions: number): number =>
  hash(bytes, start, end) % partitions

/** A record's identity among those that are stored out of order. */
export const recordId = ({ seq, ordinal }: Position, partition: number): string =>
  `${seq}.${ordinal}.${partition}`
