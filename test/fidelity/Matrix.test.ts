import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { compareDatabases } from "../servers/CompareDatabases.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { unusableTypes } from "./BuiltInTypes.ts"
import { makeMatrix } from "./Matrix.ts"

describe("the matrix itself", () => {
  it.live("covers every type of the server, and its comparison sees a single row", () =>
    Effect.gen(function* () {
      const server = yield* makeTestPostgres()
      const matrix = yield* makeMatrix(server, server)
      assert.deepStrictEqual(matrix.uncovered, [])
      const source = yield* connectPg({ url: matrix.source, applicationName: "test" })
      for (const type of unusableTypes) {
        const error = yield* Effect.flip(source.query(`SELECT CAST('' AS "${type}")`))
        assert.strictEqual(error.code, "0A000", type)
      }
      // Whoever does not pin the formats gets the hostile ones.
      const unpinned = yield* connectPg({ url: matrix.source, applicationName: "test" })
      yield* unpinned.script("RESET ALL")
      assert.deepStrictEqual(
        yield* unpinned.query(
          `SELECT date '2001-02-03' AS d, interval '-1 day -1 hour' AS i, decode('00', 'hex') AS b,
                  float8 '0.1' + 0.2 AS f`
        ),
        [{ d: "03/02/2001", i: "-1 1:00:00", b: "\\000", f: "0.3" }]
      )
      yield* matrix.work(matrix.source, false)
      yield* matrix.work(matrix.target, false)
      assert.deepStrictEqual(yield* compareDatabases(matrix.source, matrix.target), [])
      yield* source.script(`UPDATE fidelity."bytea by id" SET v = '\\x01' WHERE id = 0`)
      const differences = yield* compareDatabases(matrix.source, matrix.target)
      assert.deepStrictEqual(
        differences.map(({ table }) => table),
        ["fidelity.bytea by id"]
      )
    }).pipe(Effect.scoped)
  )
})
