/** Chunks that one transaction may have in the stream; what has more is not kept. */
export const maxEntries = 2 ** 20

/**
 * `milliseconds-(seq * 2^20 + chunk)`, where milliseconds never go back: ids rise strictly with (seq, chunk) though
 * commit times do not, so a stretch of time is one XRANGE. Both halves are unsigned 64-bit numbers in Redis: the
 * second holds 2^44 transactions, more than half a million years of a million a second.
 */
export const entryId = (millis: number, seq: number, chunk: number): string => {
  const place = seq * maxEntries + chunk
  return `${millis}-${Number.isSafeInteger(place) ? place : BigInt(seq) * BigInt(maxEntries) + BigInt(chunk)}`
}
