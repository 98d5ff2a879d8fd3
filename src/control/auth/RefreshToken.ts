import { randomBytes } from "node:crypto"

/** What a browser keeps to get access tokens with: `<family>.<secret>`. Each use gives it another secret. */
export interface RefreshToken {
  readonly family: string
  readonly secret: string
}

/** 128 bits, which cannot be guessed: a wrong secret with a right family was ours once. */
const newFamily = (): string => randomBytes(16).toString("base64url")
/** 256 bits. */
const newSecret = (): string => randomBytes(32).toString("base64url")

export const newRefreshToken = (family: string = newFamily()): RefreshToken => ({
  family,
  secret: newSecret()
})

const shape = /^([\w-]{22})\.([\w-]{43})$/u

export const parseRefreshToken = (text: string): RefreshToken | undefined => {
  const [, family, secret] = shape.exec(text) ?? []
  return family === undefined || secret === undefined ? undefined : { family, secret }
}

export const refreshTokenText = ({ family, secret }: RefreshToken): string => `${family}.${secret}`
