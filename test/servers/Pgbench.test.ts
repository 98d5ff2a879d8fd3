import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { debianBinaries } from "./Capability.ts"
import { describeWith } from "./DescribeWith.ts"
import { pgbench, pgbenchInit } from "./Pgbench.ts"
import { makeTestPostgres } from "./TestPostgres.ts"

describeWith("postgresql-15", "pgbench", () => {
  it.live("loads Debian's PostgreSQL 15", () =>
    Effect.gen(function* () {
      const server = yield* makeTestPostgres({ binaries: debianBinaries })
      const url = yield* server.createDatabase("bank")
      yield* pgbenchInit(url, 1)
      const output = yield* pgbench(url, ["--client=2", "--transactions=50"])
      assert.include(output, "number of transactions actually processed: 100/100")
      const session = yield* connectPg({ url, applicationName: "test" })
      assert.deepStrictEqual(
        yield* session.query(
          "SELECT current_setting('server_version_num')::int / 10000 AS v, count(*) AS n FROM public.pgbench_history"
        ),
        [{ v: "15", n: "100" }]
      )
    }).pipe(Effect.scoped)
  )
})
