import { createHash, randomUUID } from "node:crypto"

/** Of a UUID: it is made from a pool, where asking for bytes asks the system each time. */
const hex = (): string => randomUUID().replaceAll("-", "")

const derived = (length: number, text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length)

export const newTraceId = hex
/** The last digits: the first hold the UUID's version. */
export const newSpanId = (): string => hex().slice(16)

/** The same for the same text, in every process. */
export const traceIdOf = (text: string): string => derived(32, text)
export const spanIdOf = (text: string): string => derived(16, text)

const wide = 2 ** 32

/** Whether a number is among so many (0 to 1) of all numbers: the same everywhere, and neighbours have nothing in common. */
export const isChosen = (number: number, ratio: number): boolean => {
  // The end of MurmurHash3: each bit of the number reaches each bit of the result.
  let mixed = (number ^ Math.floor(number / wide)) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / wide < ratio
}
