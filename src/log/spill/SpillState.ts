import { Deferred, Effect, Semaphore } from "effect"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { ArchiveTail } from "../Archive.ts"
import type { LogError } from "../LogError.ts"
import type { SpillFigures } from "../SpillGauge.ts"
import { Wakeup } from "../Wakeup.ts"
import type { SpillLog } from "./SpillLog.ts"

/** What the archive's writer and the drain both know; one for the composed archive's life. */
export class SpillState {
  readonly #log: SpillLog
  readonly #maxBytes: number
  /** Who leads changes, and what is appended is appended, one after the other. */
  readonly turn = Semaphore.makeUnsafe(1)
  readonly began = new Wakeup()
  /** The archive's end as the last answers told it; null when it is not known. */
  known: ArchiveTail | null = null
  /** Whether the archive's mark names this spill: only then may anything be confirmed from it. */
  isNamed = false
  /** Whether this process has written to the spill: then it held the slot, and nobody else wrote to the archive. */
  isHeld = false
  /** Since when the spill leads, in ms. */
  since: number | null = null
  drains = false
  /** Why it cannot be drained, though the archive answers. */
  trouble: LogError | null = null
  #transactions = 0
  #bytes = 0
  readonly #asked = Deferred.makeUnsafe<void>()
  #isAsked = false

  constructor(log: SpillLog, maxBytes: number) {
    this.#log = log
    this.#maxBytes = maxBytes
  }

  get canTakeOver(): boolean {
    return this.isNamed && this.known !== null
  }

  /** Whether the archive was asked how it stands to what the spill had at the start. */
  get isAsked(): boolean {
    return this.#isAsked
  }

  /** Waits until it was. */
  get asked(): Effect.Effect<void> {
    return Deferred.await(this.#asked)
  }

  answered(trouble: LogError | null): void {
    this.trouble = trouble
    this.#isAsked = true
    Deferred.doneUnsafe(this.#asked, Effect.void)
  }

  /** The archive has all before this transaction. */
  holdsFrom(seq: number): Effect.Effect<void, LogError> {
    return Effect.map(this.#log.volume(seq), ({ bytes }) => {
      this.#transactions = this.#log.nextSeq() - seq
      this.#bytes = bytes
    })
  }

  /** The archive has all. */
  holdsNothing(): void {
    this.#transactions = 0
    this.#bytes = 0
  }

  took(chunks: ReadonlyArray<ArchivedChunk>): void {
    this.#count(chunks, 1)
  }

  gave(chunks: ReadonlyArray<ArchivedChunk>): void {
    this.#count(chunks, -1)
  }

  #count(chunks: ReadonlyArray<ArchivedChunk>, sign: 1 | -1): void {
    for (const { last, bytes } of chunks) {
      if (last) this.#transactions = Math.max(0, this.#transactions + sign)
      this.#bytes = Math.max(0, this.#bytes + sign * bytes)
    }
  }

  get figures(): SpillFigures {
    const { drains, since, trouble } = this
    return {
      file: this.#log.file,
      since,
      drains,
      transactions: this.#transactions,
      bytes: this.#bytes,
      maxBytes: this.#maxBytes,
      trouble: trouble?.message ?? null
    }
  }
}
