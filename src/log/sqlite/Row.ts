import type { SQLOutputValue } from "node:sqlite"
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
