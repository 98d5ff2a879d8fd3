import { createHash, timingSafeEqual } from "node:crypto"

/** What is kept of a secret of 128 bits or more, which cannot be guessed: a fast hash is enough (ASVS 6.5.2). */
export const digestOf = (secret: string): string => createHash("sha256").update(secret).digest("base64url")

/** Takes as long whichever digits differ. */
export const isDigestOf = (digest: string, secret: string): boolean => {
  const [kept, shown] = [Buffer.from(digest), Buffer.from(digestOf(secret))]
  return kept.length === shown.length && timingSafeEqual(kept, shown)
}
