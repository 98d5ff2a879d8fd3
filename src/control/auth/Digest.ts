import { createHash, timingSafeEqual } from "node:crypto"

/** What is kept of a secret of 128 bits or more, which cannot be guessed: a fast hash is enough (ASVS 6.5.2). */
export const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("base64url")

/** Of two digests; takes as long whichever digits differ. */
export const isSame = (digest: string, other: string): boolean => {
  const [one, two] = [Buffer.from(digest), Buffer.from(other)]
  return one.length === two.length && timingSafeEqual(one, two)
}
