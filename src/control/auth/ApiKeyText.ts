import { randomBytes } from "node:crypto"
import { crc32 } from "node:zlib"

/** A key's parts: `wsk_<id>_<secret><checksum>`. */
export interface ApiKeyParts {
  /** 11 characters, which may be shown and logged. */
  readonly id: string
  /** 43 characters: 256 bits. */
  readonly secret: string
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const base62 = (value: bigint, length: number): string => {
  let text = ""
  for (let rest = value; text.length < length; rest /= 62n) text = `${digits[Number(rest % 62n)]}${text}`
  return text
}

const random = (bytes: number, length: number): string =>
  base62(BigInt(`0x${randomBytes(bytes).toString("hex")}`), length)

export const newKeyId = (): string => random(8, 11)
export const newKeySecret = (): string => random(32, 43)

/** The whole key, as its owner is shown it once. A program that finds such a text somewhere knows what it is. */
export const apiKeyText = ({ id, secret }: ApiKeyParts): string => {
  const text = `wsk_${id}_${secret}`
  return `${text}${base62(BigInt(crc32(text)), 6)}`
}

const shape = /^wsk_([0-9A-Za-z]{11})_([0-9A-Za-z]{43})[0-9A-Za-z]{6}$/u

export const isKeyLike = (text: string): boolean => text.startsWith("wsk_")

/** Undefined for what is none, or has a typing error: nobody need be asked. */
export const parseApiKey = (text: string): ApiKeyParts | undefined => {
  const [, id, secret] = shape.exec(text) ?? []
  if (id === undefined || secret === undefined) return undefined
  return apiKeyText({ id, secret }) === text ? { id, secret } : undefined
}
