import { Effect, type Redacted, Schema } from "effect"
import { connectPg, type PgSession, type Text } from "../../src/postgres/PgSession.ts"

/** How one table differs; `left` and `right` are the first rows that the other side lacks. */
export interface TableDifference {
  readonly table: string
  readonly problem: string
  readonly left: ReadonlyArray<string>
  readonly right: ReadonlyArray<string>
}

/** For tests only: unlike the product's errors it quotes rows. */
export class DatabasesDiffer extends Schema.TaggedError<DatabasesDiffer>()("DatabasesDiffer", {
  report: Schema.String
}) {
  override get message(): string {
    return this.report
  }
}

export interface CompareOptions {
  /** `schema.table`s to leave out. */
  readonly except?: ReadonlyArray<string>
}

interface Table {
  readonly name: string
  readonly sql: string
  readonly columns: ReadonlyArray<string>
}

/** Ordinary tables and partitions; a partitioned table has no rows of its own. */
const tablesOf = (session: PgSession) =>
  Effect.map(
    session.query(
      `SELECT n.nspname || '.' || c.relname AS name, format('%I.%I', n.nspname, c.relname) AS sql,
              coalesce(json_agg(a.attname ORDER BY a.attname) FILTER (WHERE a.attname IS NOT NULL), '[]') AS columns
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relkind = 'r' AND c.relpersistence = 'p'
         AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'walstream')
       GROUP BY 1, 2 ORDER BY 1`
    ),
    (rows) => new Map(rows.map((row) => [row["name"] ?? "", decodeTable(row)]))
  )

const decodeNames = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Schema.String)))

const decodeTable = (row: Readonly<Record<string, Text>>): Table => ({
  name: row["name"] ?? "",
  sql: row["sql"] ?? "",
  columns: decodeNames(row["columns"])
})

const quote = (name: string) => `"${name.replaceAll('"', '""')}"`

/**
 * A row as one text: every column by its type's output function in the session's pinned formats, null and the empty
 * string apart. A cast of each column to text would be another function for some: it drops the blanks of `bpchar`.
 */
const rowText = (table: Table) =>
  `ROW(${table.columns.map((column) => `t.${quote(column)}`).join(", ")})::text`

const digest = (session: PgSession, table: Table) =>
  Effect.map(
    session.query(
      `SELECT count(*) AS n, sum(hashtextextended(r, 0)::numeric) AS a, sum(hashtextextended(r, 1)::numeric) AS b
       FROM (SELECT ${rowText(table)} AS r FROM ${table.sql} t) rows`
    ),
    ([row]) => `${row?.["n"]} rows, ${row?.["a"]}, ${row?.["b"]}`
  )

const sortedRows = (session: PgSession, table: Table) =>
  Effect.map(
    session.query(
      `SELECT r FROM (SELECT ${rowText(table)} AS r FROM ${table.sql} t) rows
       ORDER BY r COLLATE "C" LIMIT 500000`
    ),
    (rows) => rows.map((row) => row["r"] ?? "")
  )

/** The first few of `rows` that `other` does not hold as often. */
const lacking = (rows: ReadonlyArray<string>, other: ReadonlyArray<string>): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  for (const row of other) counts.set(row, (counts.get(row) ?? 0) + 1)
  const found: Array<string> = []
  for (const row of rows) {
    const count = counts.get(row) ?? 0
    if (count === 0) found.push(row)
    else counts.set(row, count - 1)
    if (found.length === 3) break
  }
  return found
}

const compareTable = Effect.fnUntraced(function* (
  left: PgSession,
  right: PgSession,
  table: Table,
  other: Table | undefined
) {
  const differs = (problem: string): TableDifference => ({
    table: table.name,
    problem,
    left: [],
    right: []
  })
  if (other === undefined) return differs("missing on the right")
  if (other.columns.join() !== table.columns.join()) {
    return differs(`columns ${table.columns.join()} against ${other.columns.join()}`)
  }
  const [a, b] = yield* Effect.all([digest(left, table), digest(right, table)], { concurrency: 2 })
  if (a === b) return undefined
  const leftRows = yield* sortedRows(left, table)
  const rightRows = yield* sortedRows(right, table)
  return {
    table: table.name,
    problem: `${leftRows.length} rows on the left, ${rightRows.length} on the right`,
    left: lacking(leftRows, rightRows),
    right: lacking(rightRows, leftRows)
  } satisfies TableDifference
})

const describe = (difference: TableDifference): string => {
  const show = (row: string) => (row.length > 400 ? `${row.slice(0, 400)}… (${row.length} characters)` : row)
  return [
    `${difference.table}: ${difference.problem}`,
    ...difference.left.map((row) => `  only left:  ${show(row)}`),
    ...difference.right.map((row) => `  only right: ${show(row)}`)
  ].join("\n")
}

/** Every table of `left` against the same of `right`, row by row; tables that only the right has are no difference. */
export const compareDatabases = (
  leftUrl: Redacted.Redacted,
  rightUrl: Redacted.Redacted,
  options: CompareOptions = {}
) =>
  Effect.gen(function* () {
    const left = yield* connectPg({ url: leftUrl, applicationName: "test compare" })
    const right = yield* connectPg({ url: rightUrl, applicationName: "test compare" })
    const [mine, theirs] = [yield* tablesOf(left), yield* tablesOf(right)]
    const differences: Array<TableDifference> = []
    for (const [name, table] of mine) {
      if (options.except?.includes(name) === true) continue
      const difference = yield* compareTable(left, right, table, theirs.get(name))
      if (difference !== undefined) differences.push(difference)
    }
    return differences
  }).pipe(Effect.scoped)

/** Fails with a report of the first differing rows of each table. */
export const assertSameDatabases = (
  leftUrl: Redacted.Redacted,
  rightUrl: Redacted.Redacted,
  options: CompareOptions = {}
) =>
  Effect.flatMap(compareDatabases(leftUrl, rightUrl, options), (differences) =>
    differences.length === 0
      ? Effect.void
      : Effect.fail(new DatabasesDiffer({ report: differences.map(describe).join("\n") }))
  )

/** A database's rows by table, to compare another one with what it was at a moment. */
export type KeptRows = ReadonlyMap<string, ReadonlyArray<string>>

export const keepRows = (url: Redacted.Redacted) =>
  Effect.gen(function* () {
    const session = yield* connectPg({ url, applicationName: "test compare" })
    const kept = new Map<string, ReadonlyArray<string>>()
    yield* session.script("BEGIN ISOLATION LEVEL REPEATABLE READ")
    for (const [name, table] of yield* tablesOf(session)) kept.set(name, yield* sortedRows(session, table))
    return kept
  }).pipe(Effect.scoped)

/** Fails with a report of the first rows that differ, left what was kept and right what is there. */
export const assertHolds = (kept: KeptRows, url: Redacted.Redacted) =>
  Effect.flatMap(keepRows(url), (found) => {
    const differences = [...kept].flatMap(([table, rows]) => {
      const other = found.get(table) ?? []
      const [left, right] = [lacking(rows, other), lacking(other, rows)]
      if (left.length === 0 && right.length === 0) return []
      return [describe({ table, problem: `${rows.length} rows kept, ${other.length} found`, left, right })]
    })
    return differences.length === 0
      ? Effect.void
      : Effect.fail(new DatabasesDiffer({ report: differences.join("\n") }))
  })
