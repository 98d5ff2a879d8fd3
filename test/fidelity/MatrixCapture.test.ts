import { assert, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { origin } from "../../src/domain/Position.ts"
import { connectPg, type TextRow } from "../../src/postgres/PgSession.ts"
import { debianBinaries } from "../servers/Capability.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { captured } from "./Captured.ts"
import { makeMatrix } from "./Matrix.ts"
import { NaiveTables } from "./NaiveTables.ts"

const asText = (row: Iterable<readonly [string, string | null]>) =>
  JSON.stringify([...row].toSorted(([a], [b]) => (a < b ? -1 : 1)))

const shown = (row: string) => (row.length > 300 ? `${row.slice(0, 300)}… (${row.length})` : row)

/** The table's rows as the server writes them in the pinned formats, and as capture has them. */
const differences = (table: string, server: ReadonlyArray<TextRow>, model: NaiveTables) => {
  const left = server.map((row) => asText(Object.entries(row))).toSorted()
  const right = (model.tables.get(table) ?? []).map(asText).toSorted()
  const missing = left.length === right.length ? [] : [`${table}: ${left.length} rows are ${right.length}`]
  const wrong = left.flatMap((row, i) =>
    row === right[i] ? [] : [`${table}: ${shown(row)} is ${shown(right[i] ?? "")}`]
  )
  return [...missing, ...wrong]
}

const capture = Effect.fnUntraced(function* (binaries: string | undefined, large: boolean) {
  const server = yield* makeTestPostgres({
    ...(binaries === undefined ? {} : { binaries }),
    // Transactions of the matrix are streamed while in progress, too.
    settings: { logical_decoding_work_mem: "64kB" }
  })
  const matrix = yield* makeMatrix(server, server)
  const archive = yield* captured(matrix.source, "pgoutput", matrix.work(matrix.source, large))
  const model = new NaiveTables()
  const { nextSeq } = yield* archive.coverage
  yield* archive.read(origin, nextSeq).pipe(
    Stream.runForEach((page) =>
      Effect.sync(() => {
        for (const chunk of page) for (const change of chunk.changes) model.apply(change)
      })
    )
  )
  const session = yield* connectPg({ url: matrix.source, applicationName: "test" })
  const tables = yield* session.query(
    `SELECT relname AS name FROM pg_catalog.pg_class
     WHERE relnamespace = 'fidelity'::regnamespace AND relkind = 'r' ORDER BY 1`
  )
  const found: Array<string> = []
  for (const { name } of tables) {
    const rows = yield* session.query(`SELECT * FROM fidelity."${name}"`)
    found.push(...differences(`fidelity.${name}`, rows, model))
  }
  assert.deepStrictEqual(found, [])
  assert.isAbove(model.tables.size, 250)
})

it.live(
  "captures every value of every type of PostgreSQL 18 as the server writes it",
  () => Effect.scoped(capture(undefined, true)),
  {
    timeout: 180_000
  }
)

describeWith("postgresql-15", "PostgreSQL 15", () => {
  it.live(
    "captures every value of every type as the server writes it",
    () => Effect.scoped(capture(debianBinaries, false)),
    {
      timeout: 180_000
    }
  )
})
