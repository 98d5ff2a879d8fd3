import type { PartitionRecord } from "./PartitionMerge.ts"
import type { CommitRow } from "./Place.ts"
import { commitOf, openRecord } from "./RecordDecoder.ts"

/** Throws as `openRecord` does. */
const rowOf = ({ seq, incarnation, value }: PartitionRecord, bytes: number): CommitRow => {
  const opened = openRecord(value)
  return { seq, incarnation, commit: commitOf(opened), logTime: opened.logTime, bytes }
}

/**
 * Makes rows of records in the order of the log. A transaction's last record says what is known of it: its log time
 * is that of the append which made it visible.
 */
export class RowScan {
  #bytes = 0
  #last: PartitionRecord | null = null

  /** The whole transaction when this was its last record. */
  take(record: PartitionRecord): CommitRow | undefined {
    this.#bytes += record.value.length
    this.#last = record
    if (record.ordinal + 1 < record.count) return undefined
    const row = rowOf(record, this.#bytes)
    this.#bytes = 0
    this.#last = null
    return row
  }

  /** What has come of a transaction that is not whole. */
  get open(): { readonly row: CommitRow; readonly ordinal: number } | null {
    return this.#last === null ? null : { row: rowOf(this.#last, this.#bytes), ordinal: this.#last.ordinal }
  }
}
