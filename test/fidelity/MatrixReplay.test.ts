import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { debianBinaries } from "../servers/Capability.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestPostgres, type TestPostgresOptions } from "../servers/TestPostgres.ts"
import { captured } from "./Captured.ts"
import { makeHostile } from "./HostileDefaults.ts"
import { makeMatrix } from "./Matrix.ts"
import { replayed } from "./Replayed.ts"

const endsEqual = Effect.fnUntraced(function* (options: TestPostgresOptions, large: boolean) {
  const source = yield* makeTestPostgres({ ...options, settings: { logical_decoding_work_mem: "64kB" } })
  const target = yield* makeTestPostgres(options)
  const matrix = yield* makeMatrix(source, target)
  const archive = yield* captured(matrix.source, "pgoutput", matrix.work(matrix.source, large))
  const inRows = yield* target.createDatabase("in_rows", "target")
  yield* makeHostile(inRows, "in_rows")

  const { converged } = yield* replayed(archive, matrix.target, "converge")
  yield* assertSameDatabases(matrix.source, matrix.target)
  // Every old row was found as history has it: nothing ended equal by luck.
  assert.strictEqual(converged, 0)

  // One statement per change, each of which must find its row.
  yield* replayed(archive, inRows, "fail")
  yield* assertSameDatabases(matrix.source, inRows)
}, Effect.scoped)

it.live("replays every value of every type of PostgreSQL 18", () => endsEqual({}, true), { timeout: 180_000 })

describeWith("postgresql-15", "into PostgreSQL 15", () => {
  it.live("replays every value of every type", () => endsEqual({ binaries: debianBinaries }, false), {
    timeout: 180_000
  })
})
