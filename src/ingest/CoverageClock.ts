import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"

interface Observation {
  readonly lsn: Lsn
  readonly time: Micros
}

/** A commit takes its time before its record is in the log: nothing younger than this is taken for complete. */
const margin: Micros = 1_000_000
const keep = 600
/** A log page, and the header at its start, in bytes. */
const page = 8192n
const header = 40n

/**
 * Up to which commit time the archive is complete though nothing came. We ask the source now and then where its log
 * ends and what its clock says; once the frontier has passed that place, all that was committed by then is archived.
 * A keepalive's own time would not do: a server that is behind sends them too.
 */
export class CoverageClock {
  #waiting: Array<Observation> = []
  #time: Micros | null = null

  /** The source's log ended at `lsn` when its clock said `time`. */
  observe(lsn: Lsn, time: Micros): void {
    // An idle log may end after a page's header, while the last record ended before it.
    const place = lsn % page <= header ? lsn - (lsn % page) : lsn
    if (this.#waiting.length < keep) this.#waiting.push({ lsn: place, time: time - margin })
  }

  /** Positions mean something else from now on: what was observed before is of another server. */
  restart(): void {
    this.#waiting = []
  }

  /** The time that the frontier proves; null as long as it proves none. */
  reached(frontier: Lsn): Micros | null {
    let passed = 0
    for (const observation of this.#waiting) {
      if (observation.lsn > frontier) break
      this.#time = observation.time
      passed++
    }
    if (passed > 0) this.#waiting = this.#waiting.slice(passed)
    return this.#time
  }
}
