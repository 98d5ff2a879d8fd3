import { randomBytes } from "node:crypto"
import { base32 } from "./Base32.ts"

/** How many a person gets. */
export const recoveryCodeCount = 10

/** 120 bits: it cannot be guessed, and a digest of it may be a fast one (ASVS 6.5.2). */
export const newRecoveryCode = (): string => base32(randomBytes(15)).replaceAll(/(.{4})(?=.)/gu, "$1-")

/** However it was typed: without blanks and dashes, in one case. */
export const plainCode = (text: string): string => text.replaceAll(/[\s-]/gu, "").toUpperCase()
