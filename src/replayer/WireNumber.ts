const largest = BigInt(Number.MAX_SAFE_INTEGER)

/** A 64-bit integer of the wire as a number; a RangeError where it does not fit. */
export const fromWide = (value: bigint): number => {
  if (value > largest || value < -largest) throw new RangeError(`the number ${value} is too large`)
  return Number(value)
}
