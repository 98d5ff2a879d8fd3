/** How large a page is, in bytes. */
const pageBytes = 1024 * 1024
/** Pages that are kept though nothing lies on them. */
const kept = 2

interface Page {
  readonly buffer: Buffer
  /** Texts on it that are not released. */
  texts: number
}

/** A text that is kept until it is released; its bytes are then written over. */
export interface KeptText {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  readonly release: () => void
}

/**
 * Memory for texts that come and go in about the same order. Pages are used again: buffers that live for a while and
 * then go make the engine collect all of its heap, over and over.
 */
export class TextPages {
  readonly #free: Array<Page> = []
  #page: Page | undefined
  #at = 0

  keep(text: Uint8Array): KeptText {
    if (text.length > pageBytes / 2) {
      return { buffer: Buffer.from(text), start: 0, end: text.length, release: () => undefined }
    }
    const page = this.#pageFor(text.length)
    const start = this.#at
    page.buffer.set(text, start)
    page.texts++
    this.#at += text.length
    return { buffer: page.buffer, start, end: this.#at, release: () => this.#release(page) }
  }

  #pageFor(bytes: number): Page {
    if (this.#page !== undefined && this.#at + bytes <= pageBytes) return this.#page
    const full = this.#page
    this.#page = this.#free.pop() ?? { buffer: Buffer.allocUnsafeSlow(pageBytes), texts: 0 }
    this.#at = 0
    if (full !== undefined && full.texts === 0) this.#give(full)
    return this.#page
  }

  #release(page: Page): void {
    page.texts--
    if (page.texts === 0 && page !== this.#page) this.#give(page)
  }

  #give(page: Page): void {
    if (this.#free.length < kept) this.#free.push(page)
  }
}
