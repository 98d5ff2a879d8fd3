const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

/** RFC 4648, without padding: as authenticator apps take secrets, and as people copy them without mistaking a 0 for an O. */
export const base32 = (bytes: Uint8Array): string => {
  let text = ""
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += digits.charAt((held >> (bits - 5)) & 31)
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : `${text}${digits.charAt((held << (5 - bits)) & 31)}`
}
