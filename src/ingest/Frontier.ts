import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"

/** The last whole transaction of which, and of everything before it, the archive has all. */
export interface FrontierMark {
  readonly seq: number
  readonly commitLsn: Lsn
}

interface Entry {
  /** 0 for what holds no change: an empty commit, a keepalive. */
  readonly seq: number
  readonly commitLsn: Lsn
  readonly endLsn: Lsn
  readonly commitTime: Micros | null
  durable: boolean
}

/**
 * A contiguous watermark over what came from the source, in commit order: never the maximum of what is durable.
 * Empty commits and keepalives move it only when nothing earlier is outstanding, which is why they go through here.
 */
export class Frontier {
  readonly #entries: Array<Entry> = []
  #head = 0
  #endLsn: Lsn
  #mark: FrontierMark
  #commitTime: Micros | null = null

  constructor(endLsn: Lsn, mark: FrontierMark) {
    this.#endLsn = endLsn
    this.#mark = mark
  }

  /** Everything below is durable or empty: what may be confirmed to PostgreSQL. */
  get endLsn(): Lsn {
    return this.#endLsn
  }

  get mark(): FrontierMark {
    return this.#mark
  }

  /** The greatest commit time at or below it; null when nothing was passed yet. */
  get commitTime(): Micros | null {
    return this.#commitTime
  }

  /** How many transactions are not durable yet. */
  get outstanding(): number {
    let count = 0
    for (let i = this.#head; i < this.#entries.length; i++) {
      const entry = this.#entries[i]
      if (entry !== undefined && entry.seq !== 0 && !entry.durable) count++
    }
    return count
  }

  /** A transaction that is on its way to the archive. Seqs come in order. */
  begin(seq: number, commitLsn: Lsn, endLsn: Lsn, commitTime: Micros): void {
    this.#entries.push({ seq, commitLsn, endLsn, commitTime, durable: false })
  }

  /** A commit without changes, or a position that the server passed with nothing to send. */
  pass(endLsn: Lsn, commitTime: Micros | null): void {
    this.#entries.push({ seq: 0, commitLsn: 0n, endLsn, commitTime, durable: true })
    this.#advance()
  }

  /** The transaction is durable, whole. */
  settle(seq: number): void {
    for (let i = this.#head; i < this.#entries.length; i++) {
      const entry = this.#entries[i]
      if (entry?.seq !== seq) continue
      entry.durable = true
      break
    }
    this.#advance()
  }

  #advance(): void {
    for (;;) {
      const entry = this.#entries[this.#head]
      if (entry === undefined || !entry.durable) break
      this.#head++
      if (entry.endLsn > this.#endLsn) this.#endLsn = entry.endLsn
      if (entry.seq !== 0) this.#mark = { seq: entry.seq, commitLsn: entry.commitLsn }
      if (entry.commitTime !== null && entry.commitTime > (this.#commitTime ?? 0))
        this.#commitTime = entry.commitTime
    }
    if (this.#head === this.#entries.length || this.#head > 1024) {
      this.#entries.splice(0, this.#head)
      this.#head = 0
    }
  }
}
