/** Reads one answer after the other of a connection, each of which has a length: Node sends one with every body of ours. */
export class AnswerReader {
  #head = ""
  #left: number | null = null
  #parts: Array<Buffer> | null = null
  status = 0
  /** Of the last answer, where it was to be kept. */
  body: string | null = null

  begin(isKept: boolean): void {
    this.#head = ""
    this.#left = null
    this.#parts = isKept ? [] : null
    this.body = null
  }

  /** Whether the answer is whole with it. The bytes are not kept. */
  read(part: Buffer): boolean {
    let from = 0
    if (this.#left === null) {
      const end = part.indexOf("\r\n\r\n")
      this.#head += part.toString("latin1", 0, end < 0 ? part.length : end)
      if (end < 0) return false
      this.status = Number(this.#head.slice(9, 12))
      this.#left = Number(/content-length: (\d+)/iu.exec(this.#head)?.[1] ?? 0)
      from = end + 4
    }
    this.#parts?.push(Buffer.from(part.subarray(from)))
    this.#left -= part.length - from
    if (this.#left > 0) return false
    if (this.#parts !== null) this.body = Buffer.concat(this.#parts).toString()
    return true
  }
}
