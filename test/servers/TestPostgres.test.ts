import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { compareDatabases } from "./CompareDatabases.ts"
import { makeTestPostgres, type TestPostgres } from "./TestPostgres.ts"

const fast = { applicationName: "test", connectTimeout: 500 }
const ask = (server: TestPostgres) =>
  Effect.scoped(
    Effect.flatMap(connectPg({ url: server.url("postgres"), ...fast }), (session) =>
      session.query("SELECT n FROM public.kept")
    )
  )

describe("a server for tests", () => {
  it.live("keeps its data, port and password over stop, kill and freeze", () =>
    Effect.gen(function* () {
      const server = yield* makeTestPostgres()
      yield* Effect.scoped(
        Effect.flatMap(connectPg({ url: server.url("postgres"), ...fast }), (session) =>
          session.script("CREATE TABLE public.kept (n int); INSERT INTO public.kept VALUES (7)")
        )
      )
      for (const down of [server.stop, server.kill]) {
        yield* down
        assert.isTrue(Result.isFailure(yield* Effect.result(ask(server))))
        yield* server.start
        assert.deepStrictEqual(yield* ask(server), [{ n: "7" }])
      }
      yield* server.freeze
      assert.isTrue(Result.isFailure(yield* Effect.result(ask(server))))
      yield* server.thaw
      assert.deepStrictEqual(yield* ask(server), [{ n: "7" }])
    }).pipe(Effect.scoped)
  )

  it.live("compares two databases row by row", () =>
    Effect.gen(function* () {
      const server = yield* makeTestPostgres()
      const left = yield* server.createDatabase("left_db")
      yield* Effect.scoped(
        Effect.flatMap(connectPg({ url: left, ...fast }), (session) =>
          session.script(`CREATE TABLE public.a (id int, note text, at timestamptz);
            INSERT INTO public.a VALUES (1, '', now()), (2, NULL, 'infinity'), (2, NULL, 'infinity');
            CREATE TABLE public.b (id int PRIMARY KEY); CREATE TABLE public."c d" (); INSERT INTO public."c d" DEFAULT VALUES`)
        )
      )
      const right = yield* server.createDatabase("right_db", "left_db")
      assert.deepStrictEqual(yield* compareDatabases(left, right), [])
      yield* Effect.scoped(
        Effect.flatMap(connectPg({ url: right, ...fast }), (session) =>
          session.script(`UPDATE public.a SET note = NULL WHERE id = 1; DROP TABLE public.b;
            DELETE FROM public."c d"`)
        )
      )
      const differences = yield* compareDatabases(left, right)
      assert.deepStrictEqual(
        differences.map(({ table, problem }) => [table, problem]),
        [
          ["public.a", "3 rows on the left, 3 on the right"],
          ["public.b", "missing on the right"],
          ["public.c d", "1 rows on the left, 0 on the right"]
        ]
      )
      assert.strictEqual(differences[0]?.left.length, 1)
    }).pipe(Effect.scoped)
  )
})
