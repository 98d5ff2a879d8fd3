import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { awaitPhase, makeDatabase, SourceServer, startCapture, until, untilTrue } from "./TestSource.ts"

const statements = [
  "INSERT INTO public.t VALUES (1, 'a', 9007199254740993), (2, null, 'NaN')",
  "UPDATE public.t SET id = 3 WHERE id = 1; DELETE FROM public.t WHERE id = 2",
  "TRUNCATE public.t, public.keyless"
]

describeWith("postgresql-15", "PostgreSQL 15", () => {
  layer(SourceServer.layer15, { timeout: "60 seconds", excludeTestServices: true })("pgoutput", (it) => {
    it.effect("is captured: rows, a table without identity, a large transaction, a new table", () =>
      Effect.gen(function* () {
        const { session, options, url } = yield* makeDatabase
        yield* session.script(
          "CREATE TABLE public.t (id int PRIMARY KEY, note text, n numeric); CREATE TABLE public.keyless (id int)"
        )
        const { archive, state } = yield* startCapture({
          ...options,
          captureNewTables: "trigger",
          memoryBytes: 100_000
        })
        yield* awaitPhase(state, "Capturing")
        for (const statement of statements) yield* session.script(statement)
        yield* session.script("INSERT INTO public.keyless VALUES (1); UPDATE public.keyless SET id = 2")
        yield* session.script(
          "CREATE TABLE public.later (id int PRIMARY KEY); INSERT INTO public.later VALUES (1)"
        )
        const large = yield* connectPg({ url, applicationName: "test" })
        yield* large.script("BEGIN; INSERT INTO public.later SELECT generate_series(1000, 5999)")
        yield* until(state.figures, (figures) => figures.spilledBytes > 0)
        yield* large.script("COMMIT")
        yield* untilTrue(() => archive.transactions >= 6)
        assert.deepStrictEqual(
          archive.changes
            .slice(0, 7)
            .map((change) => ("relation" in change ? `${change.relation.name} ${change.op}` : change.op)),
          ["t insert", "t insert", "t update", "t delete", "truncate", "keyless insert", "later insert"]
        )
        assert.strictEqual(archive.changes.length, 5007)
      }).pipe(Effect.scoped)
    )
  })
})

describeWith("wal2json", "wal2json", () => {
  layer(SourceServer.layer15, { timeout: "60 seconds", excludeTestServices: true })("capture", (it) => {
    it.effect("numbers the same transactions, and confirms their end", () =>
      Effect.gen(function* () {
        const { session, options } = yield* makeDatabase
        yield* session.script(
          "CREATE TABLE public.t (id int PRIMARY KEY, note text, n numeric); CREATE TABLE public.keyless (id int); " +
            "CREATE SCHEMA walstream; CREATE TABLE walstream.ledger (id int PRIMARY KEY)"
        )
        const { archive, state } = yield* startCapture({ ...options, plugin: "wal2json" })
        yield* awaitPhase(state, "Capturing")
        yield* session.script("INSERT INTO walstream.ledger VALUES (1)")
        for (const statement of statements) yield* session.script(statement)
        yield* untilTrue(() => archive.transactions >= 3)
        assert.deepStrictEqual(
          archive.changes.map((change) => change.op),
          ["insert", "insert", "update", "delete", "truncate"]
        )
        const [first] = archive.changes
        assert.deepStrictEqual(first?.op === "insert" ? first.after : [], ["1", "a", "9007199254740993"])
        const end = archive.chunks.at(-1)?.commit.endLsn ?? 0n
        yield* untilTrue(() => (archive.marks.at(-1)?.endLsn ?? 0n) >= end)
      }).pipe(Effect.scoped)
    )
  })
})
