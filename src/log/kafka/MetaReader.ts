import { Fetcher } from "./Fetcher.ts"
import type { KafkaArchiveOptions } from "./KafkaOptions.ts"
import type { MetaState } from "./MetaState.ts"
import { metaTopic } from "./Topics.ts"

/** Keeps a `MetaState` in step with its topic. */
export class MetaReader {
  readonly #fetcher: Fetcher
  readonly #state: MetaState
  #next = 0
  #running: Promise<void> | undefined

  constructor(options: KafkaArchiveOptions, state: MetaState) {
    this.#fetcher = new Fetcher(options, metaTopic(options.topic))
    this.#state = state
  }

  /** Reads all that was there when it was called. */
  async refresh(): Promise<void> {
    // One fetch at a time; whoever comes while one runs needs what comes after it.
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    this.#running = this.#toEnd()
    try {
      await this.#running
    } finally {
      this.#running = undefined
    }
  }

  async #toEnd(): Promise<void> {
    const { starts, ends } = await this.#fetcher.edges()
    const end = ends[0] ?? 0
    this.#next = Math.max(this.#next, starts[0] ?? 0)
    while (this.#next < end) await this.#fetch(0)
  }

  /** Waits up to so long for something new. Not beside `refresh`. */
  async #fetch(maxWaitMs: number): Promise<boolean> {
    let came = false
    for (const { records, next } of await this.#fetcher.fetch(new Map([[0, this.#next]]), maxWaitMs)) {
      for (const { value } of records) if (value !== null) this.#state.take(value.toString())
      came ||= records.length > 0
      this.#next = next
    }
    return came
  }

  /** Waits up to so long for something new; says whether anything came. */
  async follow(maxWaitMs: number): Promise<boolean> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
    let came = false
    this.#running = this.#fetch(maxWaitMs).then((some) => {
      came = some
    })
    try {
      await this.#running
    } finally {
      this.#running = undefined
    }
    return came
  }

  close(): Promise<void> {
    return this.#fetcher.close()
  }
}
