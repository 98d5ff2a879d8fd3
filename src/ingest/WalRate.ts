import type { Lsn } from "../domain/Lsn.ts"

/** What a look at the source tells about how fast WAL is written and let go. */
export interface WalSample {
  /** Milliseconds of our clock. */
  readonly at: number
  /** Where the server's log ended. */
  readonly end: Lsn
  /** From where on the server keeps WAL for the slot. */
  readonly restart: Lsn
}

/** "At present" is the last three minutes. */
const windowMillis = 180_000
/** Looks that are closer together are one. */
const stepMillis = 2000
/** A rate over less is noise. */
const leastMillis = 5000
/** The server lets go of WAL in steps, at most 15 seconds apart while anything is written: a slot that stood for less may yet move. */
const standsMillis = 60_000

/**
 * How fast a source writes WAL, and whether its slot moves along. Pure but for its own list of samples. Begins anew
 * when the log's end goes back: that is another server.
 */
export class WalRate {
  #samples: ReadonlyArray<WalSample> = []

  observe(sample: WalSample): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && (sample.end < last.end || sample.restart < last.restart)) this.#samples = []
    const before = this.#samples.at(-2)
    const settled =
      before !== undefined && sample.at - before.at < stepMillis ? this.#samples.slice(0, -1) : this.#samples
    const oldest = settled.findLastIndex(({ at }) => sample.at - at >= windowMillis)
    this.#samples = [...settled.slice(Math.max(0, oldest)), sample]
  }

  /** Forgets all: there is no slot. */
  clear(): void {
    this.#samples = []
  }

  #span(): { readonly first: WalSample; readonly last: WalSample; readonly millis: number } | null {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    return first === undefined || last === undefined ? null : { first, last, millis: last.at - first.at }
  }

  /** Bytes a second; null as long as it is not known. */
  get bytesPerSecond(): number | null {
    const span = this.#span()
    if (span === null || span.millis < leastMillis) return null
    return Number(span.last.end - span.first.end) / (span.millis / 1000)
  }

  /**
   * When a slot that may fall behind by another `safeBytes` is lost, if it moved no more from now on and WAL went on
   * as at present. Null when nothing bounds it, nothing is written, or the rate is not known.
   */
  secondsUntilLost(safeBytes: number | null): number | null {
    if (safeBytes === null) return null
    if (safeBytes <= 0) return 0
    const rate = this.bytesPerSecond
    return rate === null || rate === 0 ? null : safeBytes / rate
  }

  /**
   * Whether the server lets go of WAL that it kept for the slot. Where nothing is written there is nothing to let go.
   * Null as long as it is not known. A slot that is read may stand all the same: an open transaction holds it.
   */
  get advances(): boolean | null {
    const span = this.#span()
    if (span === null) return null
    if (span.last.restart > span.first.restart) return true
    if (span.millis < standsMillis) return null
    return span.last.end === span.first.end
  }
}
