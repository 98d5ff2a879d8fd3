import { Schema } from "effect"

export const postgresUrl = Schema.String.check(Schema.isPattern(/^postgres(ql)?:\/\/[^/\s]+\/[^\s]+$/u))
export const urlWords = "a URL like postgres://user:password@host:5432/database"
export const identifier = Schema.String.check(Schema.isPattern(/^[a-z0-9_]{1,63}$/u))
export const identifierWords = "1 to 63 of a-z, 0-9 and _"
export const text = Schema.String.check(Schema.isMinLength(1))
export const redisUrl = Schema.String.check(Schema.isPattern(/^rediss?:\/\/[^/\s]+(\/\d+)?$/u))
export const aFile = "a file in PEM"

/** A key that a person made up is guessed; 32 characters of which at least 10 differ is not a word. */
export const strongSecret = Schema.String.check(
  Schema.isMinLength(32),
  Schema.makeFilter((value: string) => new Set(value).size >= 10)
)
