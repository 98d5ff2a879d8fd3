import { assert, layer } from "@effect/vitest"
import { Effect, Redacted, SubscriptionRef } from "effect"
import {
  alignPublications,
  createPublicationStatements,
  publicationNames
} from "../../src/ingest/Publications.ts"
import { readSourceTables } from "../../src/ingest/SourceTables.ts"
import type { PgSession } from "../../src/postgres/PgSession.ts"
import { awaitPhase, makeDatabase, SourceServer, startCapture, until, untilTrue } from "./TestSource.ts"

const names = publicationNames("walstream_publication")

const membership = (session: PgSession) =>
  Effect.map(readSourceTables(session, names.full, names.inserts), (tables) =>
    Object.fromEntries(
      tables.map((table) => [
        table.name,
        `${table.identity}: ${[table.inFull ? "full" : "", table.inInserts ? "inserts" : ""].filter((name) => name !== "").join(" and ") || "none"}`
      ])
    )
  )

layer(SourceServer.layer, { timeout: "60 seconds", excludeTestServices: true })("publications", (it) => {
  it.effect("publish every table by what its identity permits", () =>
    Effect.gen(function* () {
      const { session } = yield* makeDatabase
      yield* session.script(`
        CREATE TABLE public.plain (id int PRIMARY KEY);
        CREATE TABLE public.keyless (id int);
        CREATE TABLE public.whole (id int); ALTER TABLE public.whole REPLICA IDENTITY FULL;
        CREATE TABLE public.silent (id int PRIMARY KEY); ALTER TABLE public.silent REPLICA IDENTITY NOTHING;
        CREATE TABLE public.later (id int PRIMARY KEY DEFERRABLE);
        CREATE TABLE public.indexed (id int NOT NULL);
        CREATE UNIQUE INDEX indexed_key ON public.indexed (id);
        ALTER TABLE public.indexed REPLICA IDENTITY USING INDEX indexed_key;
        CREATE TABLE public.parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE public.parts_1 PARTITION OF public.parts FOR VALUES FROM (0) TO (10);
        CREATE TABLE public.mixed (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE public.mixed_1 PARTITION OF public.mixed FOR VALUES FROM (0) TO (10);
        ALTER TABLE public.mixed_1 REPLICA IDENTITY FULL;
        CREATE TABLE public.stored (id int, twice int GENERATED ALWAYS AS (id * 2) STORED);
        ALTER TABLE public.stored REPLICA IDENTITY FULL;
        CREATE TABLE public.imagined (id int, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL);
        ALTER TABLE public.imagined REPLICA IDENTITY FULL;
        CREATE UNLOGGED TABLE public.fleeting (id int PRIMARY KEY);
        CREATE SCHEMA walstream; CREATE TABLE walstream.ledger (id int PRIMARY KEY);
        CREATE SCHEMA "odd ""schema"; CREATE TABLE "odd ""schema"."odd 'name" (id int PRIMARY KEY)`)
      yield* session.script(createPublicationStatements(names, 180000, false).join(";"))
      yield* alignPublications(session, names, false)
      assert.deepStrictEqual(yield* membership(session), {
        imagined: "virtual column: inserts",
        indexed: "usable: full",
        keyless: "missing: inserts",
        later: "deferrable: inserts",
        mixed: "partition differs: inserts",
        "odd 'name": "usable: full",
        parts: "usable: full",
        plain: "usable: full",
        silent: "missing: inserts",
        stored: "usable: full",
        whole: "usable: full"
      })
      // What PostgreSQL itself thinks of it: nothing that worked before fails now.
      for (const table of [
        "plain",
        "keyless",
        "whole",
        "silent",
        "later",
        "indexed",
        "parts",
        "mixed",
        "stored",
        "imagined"
      ]) {
        yield* session.script(
          `INSERT INTO public.${table} (id) VALUES (1); UPDATE public.${table} SET id = 2; DELETE FROM public.${table}; TRUNCATE public.${table}`
        )
      }
    }).pipe(Effect.scoped)
  )

  it.effect("move a table whose primary key was dropped", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
      const { ingestor, state, archive } = yield* startCapture(options)
      yield* awaitPhase(state, "Capturing")
      yield* session.script("ALTER TABLE public.t DROP CONSTRAINT t_pkey; INSERT INTO public.t VALUES (1)")
      yield* ingestor.checkPublications
      yield* until(membership(session), (tables) => tables["t"] === "missing: inserts")
      yield* session.script("UPDATE public.t SET id = 2; TRUNCATE public.t")
      yield* untilTrue(() => archive.transactions >= 3)
      assert.deepStrictEqual(
        archive.changes.map((change) => change.op),
        ["insert", "message", "truncate"]
      )
      yield* session.script("ALTER TABLE public.t ADD PRIMARY KEY (id)")
      yield* ingestor.checkPublications
      const starts = yield* until(SubscriptionRef.get(state.coverageStarts), (found) => found.length > 1)
      assert.deepStrictEqual(
        starts.map((start) => [start.table, start.captured]),
        [
          ["public.t", "inserts"],
          ["public.t", "all"]
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("name in the history where a new table's coverage begins", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      const { ingestor, state, archive } = yield* startCapture(options)
      yield* awaitPhase(state, "Capturing")
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY); INSERT INTO public.t VALUES (1)")
      yield* ingestor.checkPublications
      const [start] = yield* until(SubscriptionRef.get(state.coverageStarts), (starts) => starts.length > 0)
      yield* session.script("INSERT INTO public.t VALUES (2)")
      yield* untilTrue(() => archive.transactions >= 2)
      assert.strictEqual(start?.table, "public.t")
      assert.strictEqual(start?.seq, 1)
      assert.deepStrictEqual(
        archive.changes.map((change) => (change.op === "insert" ? change.after : change.op)),
        ["message", ["2"]]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("with the trigger miss nothing of a new table", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      const { state, archive } = yield* startCapture({ ...options, captureNewTables: "trigger" })
      yield* awaitPhase(state, "Capturing")
      yield* session.script(
        "CREATE TABLE public.t (id int PRIMARY KEY); INSERT INTO public.t VALUES (1); UPDATE public.t SET id = 2"
      )
      yield* session.script("CREATE TABLE public.filled AS SELECT g AS id FROM generate_series(1, 2) g")
      yield* session.script(
        "ALTER TABLE public.filled ADD PRIMARY KEY (id); DELETE FROM public.filled WHERE id = 1"
      )
      yield* session.script(
        "CREATE TABLE public.keyless (id int); INSERT INTO public.keyless VALUES (1); UPDATE public.keyless SET id = 2"
      )
      yield* session.script("CREATE TABLE public.p (id int PRIMARY KEY) PARTITION BY RANGE (id)")
      yield* session.script(
        "CREATE TABLE public.p_1 PARTITION OF public.p FOR VALUES FROM (0) TO (9); INSERT INTO public.p VALUES (1); DELETE FROM public.p"
      )
      const seen = () =>
        archive.changes.map((change) =>
          "relation" in change ? `${change.relation.name} ${change.op}` : change.op
        )
      yield* untilTrue(() => seen().includes("p delete"))
      assert.include(seen(), "message")
      // Who keeps the publications may say what it did in a transaction of its own, at any moment.
      assert.deepStrictEqual(
        seen().filter((what) => what !== "message"),
        [
          "t insert",
          "t update",
          "filled insert",
          "filled insert",
          "filled delete",
          "keyless insert",
          "p insert",
          "p delete"
        ]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("that somebody else made stay as they are, and need no right but replication", () =>
    Effect.gen(function* () {
      const { session, options, url } = yield* makeDatabase
      const role = `reader_${options.sourceId}`
      yield* session.script(`
        CREATE TABLE public.a (id int PRIMARY KEY); CREATE TABLE public.b (id int PRIMARY KEY);
        CREATE PUBLICATION walstream_publication FOR TABLE public.a;
        CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'p'`)
      const address = new URL(Redacted.value(url))
      address.username = role
      address.password = "p"
      const { ingestor, state, archive } = yield* startCapture({
        ...options,
        url: Redacted.make(address.href)
      })
      yield* awaitPhase(state, "Capturing")
      yield* ingestor.checkPublications
      yield* session.script("INSERT INTO public.b VALUES (1); INSERT INTO public.a VALUES (2)")
      yield* session.script("INSERT INTO public.a VALUES (3)")
      yield* untilTrue(() => archive.transactions >= 2)
      assert.deepStrictEqual(yield* membership(session), { a: "usable: full", b: "usable: none" })
      assert.deepStrictEqual(
        archive.changes.map((change) => (change.op === "insert" ? change.after : change.op)),
        [["2"], ["3"]]
      )
    }).pipe(Effect.scoped)
  )
})
