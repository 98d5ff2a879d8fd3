import { argon2, randomBytes, timingSafeEqual } from "node:crypto"
import { Effect, Redacted } from "effect"

/** OWASP's minimum for argon2id: 19 MiB, 2 passes, 1 lane; about 33 ms of a core. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 }
const saltBytes = 16
const tagBytes = 32

interface Parts {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
}

const shape = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/u

const parse = (hash: string): Parts | undefined => {
  const match = shape.exec(hash)
  if (match === null) return undefined
  const [, memory, passes, parallelism, salt = "", tag = ""] = match
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64")
  }
}

const text = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "")

/** Exactly as it was received (ASVS 6.2.8). Runs in the thread pool. */
const derive = (password: Redacted.Redacted, parts: Omit<Parts, "tag">, tagLength: number) =>
  Effect.callback<Buffer>((resume) => {
    const { salt, ...parameters } = parts
    argon2(
      "argon2id",
      { ...parameters, message: Redacted.value(password), nonce: salt, tagLength },
      (error, tag) => resume(error === null ? Effect.succeed(tag) : Effect.die(error))
    )
  })

/** A PHC string with a fresh salt. */
export const hashPassword = Effect.fnUntraced(function* (password: Redacted.Redacted) {
  const salt = randomBytes(saltBytes)
  const tag = yield* derive(password, { ...cost, salt }, tagBytes)
  const { memory, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`
})

/** Takes as long for a wrong password as for a right one. A hash of another kind matches nothing. */
export const matchesPassword = Effect.fnUntraced(function* (password: Redacted.Redacted, hash: string) {
  const parts = parse(hash)
  if (parts === undefined) return false
  const { tag, ...rest } = parts
  return timingSafeEqual(yield* derive(password, rest, tag.length), tag)
})
