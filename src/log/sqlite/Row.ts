import type { SQLOutputValue } from "node:sqlite"
import { crc32 } from "node:zlib"
import { corrupt } from "./SqliteFault.ts"

/** A row of node:sqlite, whose types are only known at run time. */
export type Row = Readonly<Record<string, SQLOutputValue>>

const wrong = (column: string) => corrupt(`column ${column} has no value of its type`)

export const integerOf = (row: Row | undefined, column: string): number => {
  const value = row?.[column]
  if (typeof value !== "number") throw wrong(column)
  return value
}

export const textOf = (row: Row | undefined, column: string): string => {
  const value = row?.[column]
  if (typeof value !== "string") throw wrong(column)
  return value
}

export const blobOf = (row: Row | undefined, column: string): Uint8Array<ArrayBuffer> => {
  const value = row?.[column]
  if (!(value instanceof Uint8Array)) throw wrong(column)
  return value
}

/** A row's checksum column is over all its other values, so that a flipped bit anywhere is noticed. */
export const rowChecksum = (values: ReadonlyArray<SQLOutputValue>): number => crc32(values.join())

/** The row itself. Fails when it does not match its checksum. */
export const checkedRow = (row: Row): Row => {
  const { crc, ...rest } = row
  if (crc !== rowChecksum(Object.values(rest))) throw corrupt("a row does not match its checksum")
  return row
}
