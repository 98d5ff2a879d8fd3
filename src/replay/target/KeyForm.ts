import type { Column } from "../../domain/Relation.ts"
import type { TargetColumn } from "./TargetTable.ts"

/**
 * Gives equal texts for values that the target holds to be equal, and different ones for others; null where this value
 * cannot be told.
 */
export type KeyForm = (text: string) => string | null

const asIs: KeyForm = (text) => text

/** 1.0 and 1.00 are one numeric. */
const withoutTrailingZeros: KeyForm = (text) => (text.includes(".") ? text.replace(/\.?0+$/u, "") : text)

/** -0 and 0 are one float. */
const withoutNegativeZero: KeyForm = (text) => (text === "-0" ? "0" : text)

/** character(n) ignores blanks at the end. */
const withoutTrailingBlanks: KeyForm = (text) => text.replace(/ +$/u, "")

/** What the source's type is does not matter when a value is written as the target's type would write it. */
const written =
  (shape: RegExp): KeyForm =>
  (text) =>
    shape.test(text) ? text : null
const asInteger = written(/^(?:0|-?[1-9]\d*)$/u)
const asUuid = written(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/u)

const uuid = 2950
const integers = new Set([20, 21, 23])
const texts = new Set([19, 25, 1043])
const numeric = 1700
const floats = new Set([700, 701])
const character = 1042

/**
 * Types whose output is one text per value: bool, bytea, "char", oid, xid8, cidr, inet, macaddr, macaddr8, date, time,
 * timestamp, timestamptz, timetz, bit, varbit, uuid, pg_lsn, money. Not interval, jsonb, arrays, ranges, composites.
 */
const canonical = new Set([
  16, 17, 18, 26, 5069, 650, 869, 829, 774, 1082, 1083, 1114, 1184, 1266, 1560, 1562, 2950, 3220, 790
])

/**
 * How a key's texts compare as the target's type does; undefined when only the target can tell. The source's type
 * matters too: a text column's "01" and "1" are one key in an integer column.
 */
export const keyForm = (source: Column, target: TargetColumn): KeyForm | undefined => {
  const oid = target.baseOid
  if (texts.has(oid)) return target.exact ? asIs : undefined
  if (oid === character) return target.exact ? withoutTrailingBlanks : undefined
  if (target.isEnum) return asIs
  if (integers.has(oid)) return integers.has(source.typeOid) ? asIs : asInteger
  if (oid === uuid) return source.typeOid === uuid ? asIs : asUuid
  if (oid === numeric) {
    return integers.has(source.typeOid) || source.typeOid === numeric ? withoutTrailingZeros : undefined
  }
  if (floats.has(oid)) return source.typeOid === oid ? withoutNegativeZero : undefined
  return canonical.has(oid) && source.typeOid === oid ? asIs : undefined
}
