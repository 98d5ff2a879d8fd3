import { Effect, type Redacted } from "effect"
import { connectPg, inTransaction, type PgSession } from "../../src/postgres/PgSession.ts"
import type { PostgresError } from "../../src/postgres/PostgresError.ts"
import type { TestPostgres } from "../servers/TestPostgres.ts"
import { bigChanges, bigTables } from "./BigValues.ts"
import { makeHostile } from "./HostileDefaults.ts"
import { madeTypes } from "./MadeTypes.ts"
import { baseTables, changes, keyTable } from "./MatrixTables.ts"
import { type TypeCase, typeCases } from "./TypeCase.ts"

export interface Matrix {
  readonly source: Redacted.Redacted
  readonly target: Redacted.Redacted
  readonly uncovered: ReadonlyArray<string>
  readonly cases: ReadonlyArray<TypeCase>
  /** Every change of the matrix, sent by one session to the given database; the large values only if asked for. */
  readonly work: (url: Redacted.Redacted, large: boolean) => Effect.Effect<void, PostgresError>
}

const applicationName = "test"

/** All tables of the matrix; gives the names of the types that can be keys. */
const makeTables = Effect.fnUntraced(function* (session: PgSession, cases: ReadonlyArray<TypeCase>) {
  yield* session.script(bigTables.join(";\n"))
  const keys = new Set<string>()
  for (const test of cases) {
    yield* session.script(baseTables(test).join(";\n"))
    const made = yield* Effect.isSuccess(session.script(keyTable(test)))
    if (made) keys.add(test.name)
  }
  return keys
})

/** The same tables in two databases whose object ids differ, both under hostile defaults. */
export const makeMatrix = Effect.fnUntraced(function* (
  sourceServer: TestPostgres,
  targetServer: TestPostgres
) {
  const source = yield* sourceServer.createDatabase("source")
  const target = yield* targetServer.createDatabase("target")
  const prepare = (url: Redacted.Redacted, first: string) =>
    Effect.gen(function* () {
      const session = yield* connectPg({ url, applicationName })
      yield* session.script(`CREATE SCHEMA fidelity; ${first}; ${madeTypes.join(";\n")}`)
      const { cases, uncovered } = yield* typeCases(session)
      return { cases, uncovered, keys: yield* makeTables(session, cases) }
    }).pipe(Effect.scoped)
  const { cases, uncovered, keys } = yield* prepare(source, "")
  yield* prepare(target, "CREATE TABLE fidelity.extra (a int)")
  yield* makeHostile(source, "source")
  yield* makeHostile(target, "target")

  const matrix: Matrix = {
    source,
    target,
    uncovered,
    cases,
    work: (url, large) =>
      Effect.gen(function* () {
        const session = yield* connectPg({ url, applicationName })
        // Where the operators of the extensions are.
        yield* session.script("SET search_path = fidelity")
        for (const test of cases) {
          for (const statements of changes(test, keys.has(test.name))) {
            yield* inTransaction(session, session.script(statements.join(";\n")))
          }
        }
        if (!large) return
        for (const statement of bigChanges) yield* inTransaction(session, session.script(statement))
      }).pipe(Effect.scoped)
  }
  return matrix
})
