import type { TypeCase } from "./TypeCase.ts"

/**
 * Three tables per type: found by an integer key, with the type as value and as array; without key under
 * REPLICA IDENTITY FULL; and with the type itself as key (only where it can be one: see `keyTable`).
 */
const table = (test: TypeCase, kind: "by id" | "full" | "key"): string => `fidelity."${test.name} ${kind}"`

export const baseTables = (test: TypeCase): ReadonlyArray<string> => [
  `CREATE TABLE ${table(test, "by id")} (id int PRIMARY KEY, v ${test.type}, vs ${arrayOf(test.type)}, note text)`,
  `CREATE TABLE ${table(test, "full")} (v ${test.type}, n int)`,
  `ALTER TABLE ${table(test, "full")} REPLICA IDENTITY FULL`
]

/** Fails where the type has no order. */
export const keyTable = (test: TypeCase): string =>
  `CREATE TABLE ${table(test, "key")} (k ${test.type} PRIMARY KEY, n int)`

const arrayOf = (type: string): string => (type.endsWith("[]") ? type : `${type}[]`)

const cast = (test: TypeCase, literal: string): string => `CAST(${literal} AS ${test.type})`

/** The values of `vs`: an array around the value, or for an array type the value itself. */
const array = (test: TypeCase, ...literals: ReadonlyArray<string>): string =>
  test.type.endsWith("[]")
    ? cast(test, literals[0] ?? "NULL")
    : `ARRAY[${literals.map((one) => cast(test, one)).join(", ")}]::${arrayOf(test.type)}`

const byId = (
  test: TypeCase
): { readonly first: ReadonlyArray<string>; readonly then: ReadonlyArray<string> } => {
  const name = table(test, "by id")
  const first: Array<string> = []
  const then: Array<string> = []
  for (const [i, value] of test.literals.entries()) {
    const next = test.literals[(i + 1) % test.literals.length] ?? value
    const v = cast(test, value)
    const id = i * 10
    // A domain that refuses nulls takes its own value instead.
    const nothing = test.type === "fidelity.label" ? v : "NULL"
    first.push(
      `INSERT INTO ${name} VALUES (${id}, ${v}, NULL, 'inserted only')`,
      `INSERT INTO ${name} VALUES (${id + 1}, ${nothing}, ${array(test, value, next, value)}, 'updated')`,
      `INSERT INTO ${name} VALUES (${id + 2}, ${v}, ${array(test, value)}, 'deleted')`,
      `INSERT INTO ${name} VALUES (${id + 3}, ${v}, ${array(test, next, value)}, '')`,
      `INSERT INTO ${name} VALUES (${id + 4}, ${v}, NULL, 'moved')`,
      `INSERT INTO ${name} VALUES (${id + 6}, ${v}, ${array(test, value)}, 'emptied')`
    )
    then.push(
      `UPDATE ${name} SET v = ${v} WHERE id = ${id + 1}`,
      `DELETE FROM ${name} WHERE id = ${id + 2}`,
      `UPDATE ${name} SET note = NULL WHERE id = ${id + 3}`,
      `UPDATE ${name} SET id = ${id + 5}, v = ${cast(test, next)} WHERE id = ${id + 4}`,
      `UPDATE ${name} SET v = ${nothing}, vs = NULL WHERE id = ${id + 6}`
    )
    if (!test.type.endsWith("[]")) {
      // An array whose first index is -2: the lower bound is part of the value.
      then.push(`UPDATE ${name} SET vs[-2] = ${v} WHERE id = ${id}`)
    }
  }
  return { first, then }
}

/** Every row twice: without a key exactly one of two equal rows may be touched. */
const full = (
  test: TypeCase
): { readonly first: ReadonlyArray<string>; readonly then: ReadonlyArray<string> } => {
  const name = table(test, "full")
  const first: Array<string> = []
  const then: Array<string> = []
  const one = (n: number) => `ctid = (SELECT min(ctid) FROM ${name} WHERE n = ${n})`
  for (const [i, value] of test.literals.entries()) {
    const v = cast(test, value)
    const next = cast(test, test.literals[(i + 1) % test.literals.length] ?? value)
    first.push(`INSERT INTO ${name} VALUES (${v}, ${i}), (${v}, ${i}), (${v}, ${i})`)
    then.push(
      `UPDATE ${name} SET v = ${next}, n = ${i + 1000} WHERE ${one(i)}`,
      `DELETE FROM ${name} WHERE ${one(i)}`
    )
  }
  return { first, then }
}

const key = (
  test: TypeCase
): { readonly first: ReadonlyArray<string>; readonly then: ReadonlyArray<string> } => {
  const name = table(test, "key")
  // A value of thousands of bytes does not fit an index.
  const values = test.literals.filter((value) => value.length < 500).map((value) => cast(test, value))
  const last = values.at(-1)
  const first: Array<string> = []
  for (const [i, v] of values.slice(0, -1).entries()) {
    // 1.0 and 1.00 are two texts and one key.
    first.push(`INSERT INTO ${name} VALUES (${v}, ${i}) ON CONFLICT DO NOTHING`)
  }
  const then = [`UPDATE ${name} SET n = n + 1000 WHERE n % 3 = 1`, `DELETE FROM ${name} WHERE n % 3 = 2`]
  if (last !== undefined) {
    then.push(
      `UPDATE ${name} SET k = ${last} WHERE n = 0 AND NOT EXISTS (SELECT FROM ${name} WHERE k = ${last})`
    )
  }
  return { first, then }
}

/** Two transactions: rows are made in one, and changed and removed in the other. */
export const changes = (
  test: TypeCase,
  hasKeyTable: boolean
): readonly [ReadonlyArray<string>, ReadonlyArray<string>] => {
  const parts = [byId(test), full(test), ...(hasKeyTable ? [key(test)] : [])]
  return [parts.flatMap((part) => part.first), parts.flatMap((part) => part.then)]
}
