/*
 * Finds the pieces of packed changes without decoding them: compact JSON as `encodeChanges` writes it, of which only
 * brackets, commas and the ends of texts matter.
 */

const quote = 0x22
const backslash = 0x5c
const open = 0x5b
const shut = 0x5d

/** Behind the text that begins at `at`, with its quote. */
export const afterText = (bytes: Buffer, at: number): number => {
  let i = at + 1
  // In range: a text ends before the buffer does.
  for (let byte = bytes[i] as number; byte !== quote; byte = bytes[++i] as number) if (byte === backslash) i++
  return i + 1
}

/** Behind the array that begins at `at`. */
export const afterArray = (bytes: Buffer, at: number): number => {
  let depth = 0
  for (let i = at; i < bytes.length; ) {
    const byte = bytes[i]
    if (byte === quote) {
      i = afterText(bytes, i)
      continue
    }
    i++
    if (byte === open) depth++
    else if (byte === shut && --depth === 0) return i
  }
  throw new RangeError("packed changes end within one")
}

/** How a cell's text begins. */
export const cell = { text: quote, null: 0x6e, unchanged: 0x31, absent: 0x32 } as const

/** Where the cells of a row lie. Used over and over: a row costs no object. */
export class RowCells {
  count = 0
  starts = new Int32Array(64)
  ends = new Int32Array(64)

  /** Takes the row that begins at `at`; gives what comes behind it. */
  scan(bytes: Buffer, at: number): number {
    let count = 0
    let i = at + 1
    while (bytes[i] !== shut) {
      if (count === this.starts.length) this.#grow()
      this.starts[count] = i
      const first = bytes[i]
      if (first === quote) i = afterText(bytes, i)
      else i += first === cell.null ? 4 : 1
      this.ends[count++] = i
      if (bytes[i] !== shut) i++
    }
    this.count = count
    return i + 1
  }

  #grow(): void {
    const [starts, ends] = [this.starts, this.ends]
    this.starts = new Int32Array(starts.length * 2)
    this.ends = new Int32Array(ends.length * 2)
    this.starts.set(starts)
    this.ends.set(ends)
  }
}
