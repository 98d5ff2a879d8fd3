import { Option, Redacted, Result, Schema, SchemaGetter } from "effect"

/** One environment variable: what it is called, what it means, what it may be, and what it is when it is not set. */
export interface Setting<A> {
  readonly name: string
  readonly about: string
  /** What it may be, for the one line that refuses a bad value. */
  readonly allowed: string
  /** Its text when it is not set; null for "not set", which the codec's type must then allow. */
  readonly fallback: string | null
  readonly read: (text: string) => Result.Result<A, null>
  /** Never to be printed, whatever happens. */
  readonly isSecret?: true
  /** What an unset variable without a fallback gives. */
  readonly unset: Option.Option<A>
}

type Texts<A> = Schema.Codec<A, string>

const reader =
  <A>(codec: Texts<A>) =>
  (text: string): Result.Result<A, null> =>
    Result.mapError(Schema.decodeUnknownResult(codec)(text), () => null)

/** Has a value in any case. */
export const withFallback = <A>(
  name: string,
  fallback: string,
  about: string,
  allowed: string,
  codec: Texts<A>
): Setting<A> => ({ name, about, allowed, fallback, read: reader(codec), unset: Option.none() })

/** May be left out. */
export const optional = <A>(
  name: string,
  about: string,
  allowed: string,
  codec: Texts<A>
): Setting<Option.Option<A>> => ({
  name,
  about,
  allowed,
  fallback: null,
  read: (text) => Result.map(reader(codec)(text), Option.some),
  unset: Option.some(Option.none())
})

const integer = (minimum: number, maximum: number): Texts<number> =>
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum, maximum }))

/** A whole number with its bounds. */
export const wholeNumber = (
  name: string,
  fallback: number,
  [minimum, maximum]: readonly [number, number],
  about: string
): Setting<number> =>
  withFallback(
    name,
    String(fallback),
    about,
    `a whole number from ${minimum} to ${maximum}`,
    integer(minimum, maximum)
  )

/** A whole number whose default depends on the shape. */
export const optionalNumber = (
  name: string,
  [minimum, maximum]: readonly [number, number],
  about: string
): Setting<Option.Option<number>> =>
  optional(name, about, `a whole number from ${minimum} to ${maximum}`, integer(minimum, maximum))

/** One of a few words. */
export const oneOf = <const W extends ReadonlyArray<string>>(
  name: string,
  words: W,
  fallback: W[number],
  about: string
): Setting<W[number]> => withFallback(name, fallback, about, words.join(" or "), Schema.Literals(words))

/** A list with commas between; empty when not set. */
export const list = (
  name: string,
  about: string,
  allowed: string,
  item: RegExp | ((item: string) => boolean)
): Setting<ReadonlyArray<string>> =>
  withFallback(
    name,
    "",
    about,
    allowed,
    Schema.String.pipe(
      Schema.decodeTo(
        Schema.Array(
          Schema.String.check(typeof item === "function" ? Schema.makeFilter(item) : Schema.isPattern(item))
        ),
        {
          decode: SchemaGetter.transform((text) =>
            text
              .split(",")
              .map((part) => part.trim())
              .filter((part) => part !== "")
          ),
          encode: SchemaGetter.transform((parts) => parts.join(","))
        }
      )
    )
  )

/** A list of `name=word` with commas between; empty when not set. */
export const pairs = <const W extends ReadonlyArray<string>>(
  name: string,
  about: string,
  words: W
): Setting<ReadonlyArray<readonly [string, W[number]]>> => ({
  name,
  about,
  allowed: `a list of name=${words.join("|")} with commas between`,
  fallback: "",
  unset: Option.none(),
  read: (text) => {
    const found: Array<readonly [string, W[number]]> = []
    for (const part of text.split(",").map((one) => one.trim())) {
      if (part === "") continue
      const [key = "", value] = part.split("=")
      const word = words.find((one) => one === value)
      if (word === undefined || !/^[a-z-]+$/u.test(key)) return Result.fail(null)
      found.push([key, word])
    }
    return Result.succeed(found)
  }
})

/** A secret: never printed. */
export const secret = (
  name: string,
  about: string,
  allowed: string,
  codec: Texts<string>
): Setting<Option.Option<Redacted.Redacted>> => {
  const plain = optional(name, about, allowed, codec)
  return {
    ...plain,
    isSecret: true,
    read: (text) =>
      Result.map(
        plain.read(text),
        Option.map((value) => Redacted.make(value))
      ),
    unset: Option.some(Option.none())
  }
}

/** Secrets with commas between: never printed. */
export const secrets = (
  name: string,
  about: string,
  allowed: string,
  codec: Texts<string>
): Setting<ReadonlyArray<Redacted.Redacted>> => {
  const each = reader(codec)
  return {
    name,
    about,
    allowed,
    fallback: "",
    isSecret: true,
    read: (text) => {
      const parts = text.split(",").map((part) => part.trim())
      return Result.map(Result.all(parts.filter((part) => part !== "").map(each)), (values) =>
        values.map((value) => Redacted.make(value))
      )
    },
    unset: Option.none()
  }
}

/** A list of `name=value` with commas between, as HTTP headers in a variable have it: values are never printed. */
export const secretPairs = (
  name: string,
  about: string,
  allowed: string
): Setting<Readonly<Record<string, Redacted.Redacted>>> => ({
  name,
  about,
  allowed,
  fallback: "",
  isSecret: true,
  unset: Option.none(),
  read: (text) => {
    const found: Record<string, Redacted.Redacted> = {}
    for (const part of text.split(",").map((one) => one.trim())) {
      if (part === "") continue
      const [, key = "", value = ""] = /^([!#$%&'*+.^_`|~\w-]+)\s*=([\x20-\x7e]*)$/u.exec(part) ?? []
      if (key === "") return Result.fail(null)
      try {
        found[key.toLowerCase()] = Redacted.make(decodeURIComponent(value.trim()))
      } catch {
        return Result.fail(null)
      }
    }
    return Result.succeed(found)
  }
})
