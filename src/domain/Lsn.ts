import { Schema, SchemaGetter } from "effect"

/** A place in PostgreSQL's write-ahead log: an unsigned 64-bit byte offset. */
export type Lsn = bigint

export const maxLsn: Lsn = 0xffff_ffff_ffff_ffffn

const shape = /^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/u

/** PostgreSQL's own form, e.g. `16/B374D848`. */
export const formatLsn = (lsn: Lsn): string =>
  `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`

/** The inverse of `formatLsn`; undefined when the text is no LSN. */
export const parseLsn = (text: string): Lsn | undefined => {
  if (!shape.test(text)) return undefined
  const slash = text.indexOf("/")
  return (BigInt(`0x${text.slice(0, slash)}`) << 32n) | BigInt(`0x${text.slice(slash + 1)}`)
}

/** 16 upper-case hex digits: sorts as text in the order of the log. */
export const hexLsn = (lsn: Lsn): string => lsn.toString(16).toUpperCase().padStart(16, "0")

export const Lsn = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: 0n, maximum: maxLsn }))

/** `16/B374D848` outside, a bigint inside. */
export const LsnFromString = Schema.String.check(
  Schema.isPattern(shape, { message: "an LSN looks like 16/B374D848" })
).pipe(
  Schema.decodeTo(Lsn, {
    decode: SchemaGetter.transform((text) => parseLsn(text) ?? 0n),
    encode: SchemaGetter.transform(formatLsn)
  })
)
