import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto"
import { Redacted } from "effect"

const cipher = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

const keyOf = (secret: Redacted.Redacted) => {
  const key = new Uint8Array(hkdfSync("sha256", Redacted.value(secret), "walstream", "second factors", 32))
  return { key, id: createHash("sha256").update(key).digest("base64url").slice(0, 12) }
}

/** Encrypts what the database is to keep and must not know. What is sealed for one owner opens for no other. */
export interface SecretSeal {
  /** `<key's id>.<nonce, text and tag>` */
  readonly seal: (bytes: Uint8Array, owner: string) => string
  /** Null where its key is not known any more, or it was changed or put elsewhere. */
  readonly open: (sealed: string, owner: string) => Uint8Array | null
}

/** Under a key derived from the installation's secret; opens what was sealed under `former` ones, too. */
export const makeSecretSeal = (
  secret: Redacted.Redacted,
  former: ReadonlyArray<Redacted.Redacted>
): SecretSeal => {
  const current = keyOf(secret)
  const keys = new Map([...former.map(keyOf), current].map(({ id, key }) => [id, key]))
  return {
    seal: (bytes, owner) => {
      const nonce = randomBytes(nonceBytes)
      const sealing = createCipheriv(cipher, current.key, nonce).setAAD(Buffer.from(owner))
      const text = Buffer.concat([nonce, sealing.update(bytes), sealing.final(), sealing.getAuthTag()])
      return `${current.id}.${text.toString("base64url")}`
    },
    open: (sealed, owner) => {
      const [id = "", text = ""] = sealed.split(".")
      const key = keys.get(id)
      const bytes = Buffer.from(text, "base64url")
      if (key === undefined || bytes.length < nonceBytes + tagBytes) return null
      const opening = createDecipheriv(cipher, key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes
      })
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(-tagBytes))
      try {
        return Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()])
      } catch {
        return null
      }
    }
  }
}
