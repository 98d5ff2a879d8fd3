const smallest = 64 * 1024
/** What a single large change needed is not kept. */
const largestKept = 8 * 1024 * 1024
const zero = 0x30

/**
 * One buffer in which records are put together: what they consist of lies in front, since bytes move fastest within
 * one buffer. Who copies or writes sees to the room first.
 */
export class Workspace {
  bytes = Buffer.allocUnsafeSlow(smallest)
  at = 0

  clear(): void {
    this.at = 0
    if (this.bytes.length > largestKept) this.bytes = Buffer.allocUnsafeSlow(smallest)
  }

  /** For so many more bytes. */
  room(size: number): void {
    if (this.at + size <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + size))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
  }

  /** What lies in the buffer from `start` to `end` once more. */
  repeat(start: number, end: number): void {
    this.bytes.copyWithin(this.at, start, end)
    this.at += end - start
  }

  take(from: Buffer, start: number, end: number): void {
    from.copy(this.bytes, this.at, start, end)
    this.at += end - start
  }

  byte(byte: number): void {
    this.bytes[this.at++] = byte
  }

  /** In UTF-8; makes room by itself. */
  text(text: string): void {
    this.room(text.length * 3)
    this.at += this.bytes.write(text, this.at)
  }

  /** A whole number that is not negative, with zeros in front up to so many digits. */
  digits(value: number, least: number): void {
    let count = 1
    for (let power = 10; power <= value; power *= 10) count++
    count = Math.max(count, least)
    let rest = value
    for (let i = this.at + count - 1; i >= this.at; i--) {
      const next = Math.floor(rest / 10)
      this.bytes[i] = zero + rest - next * 10
      rest = next
    }
    this.at += count
  }
}
