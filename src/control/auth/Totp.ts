import { createHmac, timingSafeEqual } from "node:crypto"
import { base32 } from "./Base32.ts"

const stepSeconds = 30
const digits = 6
/** Steps before and after the present one whose codes are taken, too: clocks differ, and typing takes time. */
const drift = 1

/** RFC 6238: steps of time since 1970. */
export const stepAt = (millis: number): number => Math.floor(millis / 1000 / stepSeconds)

/** RFC 4226 with SHA-1, which is what every authenticator app knows. */
export const codeOf = (secret: Uint8Array, step: number): string => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac("sha1", secret).update(counter).digest()
  const number = mac.readUInt32BE((mac[mac.length - 1] ?? 0) & 15) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, "0")
}

const isSameCode = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The step that a code is of, among those about now; null for none, and for one that is not after `lastStep`: a code is taken once. */
export const stepOfCode = (
  secret: Uint8Array,
  code: string,
  millis: number,
  lastStep: number
): number | null => {
  const now = stepAt(millis)
  let found: number | null = null
  for (let step = now - drift; step <= now + drift; step++) {
    if (step >= 0 && isSameCode(codeOf(secret, step), code) && step > lastStep) found ??= step
  }
  return found
}

const issuer = "WalStream"

/** What an authenticator app reads. */
export const otpauthUri = (secret: Uint8Array, username: string): string =>
  `otpauth://totp/${issuer}:${encodeURIComponent(username)}?secret=${base32(secret)}&issuer=${issuer}&algorithm=SHA1&digits=${digits}&period=${stepSeconds}`
