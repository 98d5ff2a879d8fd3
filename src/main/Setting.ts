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
  item: RegExp
): Setting<ReadonlyArray<string>> =>
  withFallback(
    name,
    "",
    about,
    allowed,
    Schema.String.pipe(
      Schema.decodeTo(Schema.Array(Schema.String.check(Schema.isPattern(item))), {
        decode: SchemaGetter.transform((text) =>
          text
            .split(",")
            .map((part) => part.trim())
            .filter((part) => part !== "")
        ),
        encode: SchemaGetter.transform((parts) => parts.join(","))
      })
    )
  )

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
    read: (text) =>
      Result.map(
        plain.read(text),
        Option.map((value) => Redacted.make(value))
      ),
    unset: Option.some(Option.none())
  }
}
