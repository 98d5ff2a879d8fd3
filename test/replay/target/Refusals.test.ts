import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { origin } from "../../../src/domain/Position.ts"
import { Targets } from "../../../src/replay/Target.ts"
import type { TargetError } from "../../../src/replay/TargetError.ts"
import { configuredTargets } from "../../../src/replay/target/ConfiguredTargets.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { applyAll, defaults, endOf, makeScene, Server } from "./TargetScene.ts"

const reasonOf = <A, R>(effect: Effect.Effect<A, TargetError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("what a target refuses", (it) => {
  const misfits: ReadonlyArray<readonly [what: string, targetSchema: string, detail: string]> = [
    ["a missing table", "SELECT 1", "no such table"],
    ["missing columns", "CREATE TABLE public.t (id int PRIMARY KEY, v text)", '"n", "o"'],
    [
      "a column of its own without default",
      "CREATE TABLE public.t (id int PRIMARY KEY, v text, n int, o int, extra text NOT NULL)",
      '"extra"'
    ],
    [
      "something that is no table",
      "CREATE VIEW public.t AS SELECT 1 AS id, ''::text AS v, 2 AS n, 3 AS o",
      "not a table"
    ]
  ]
  for (const [what, targetSchema, detail] of misfits) {
    it.effect(`${what}, before the first write`, () =>
      Effect.gen(function* () {
        const scene = yield* makeScene(
          "CREATE TABLE public.t (id int PRIMARY KEY, v text, n int, o int); CREATE TABLE public.a (id int PRIMARY KEY)",
          { targetSchema: `${targetSchema}; CREATE TABLE public.a (id int PRIMARY KEY)` }
        )
        yield* scene.source.script("INSERT INTO public.a VALUES (1)")
        yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a', 2, 3)")
        const session = yield* scene.open()
        yield* session.position
        const reason = yield* reasonOf(applyAll(session, yield* scene.history))
        assert.strictEqual(reason._tag, "Unfit")
        if (reason._tag !== "Unfit") return
        assert.strictEqual(reason.table, "public.t")
        assert.include(reason.detail, detail)
        assert.isNull(yield* session.position)
        assert.deepStrictEqual(yield* scene.target.query("SELECT id FROM public.a"), [])
      })
    )
  }

  it.effect("a TRUNCATE that would reach a table which is none of the source's", () =>
    Effect.gen(function* () {
      const parent = "CREATE TABLE public.parent (id int PRIMARY KEY)"
      const scene = yield* makeScene(parent, {
        targetSchema: `${parent}; CREATE TABLE public.mine (id int REFERENCES public.parent)`
      })
      yield* scene.source.script("INSERT INTO public.parent VALUES (1)")
      const session = yield* scene.open()
      yield* session.position
      const inserted = yield* scene.history
      yield* applyAll(session, inserted)
      yield* scene.target.script("INSERT INTO public.mine VALUES (1)")
      yield* scene.source.script("TRUNCATE public.parent CASCADE")
      const truncated = yield* scene.history
      const reason = yield* reasonOf(applyAll(session, truncated, endOf(inserted)))
      assert.strictEqual(reason._tag, "Rejected")
      assert.strictEqual((yield* scene.target.query("SELECT id FROM public.mine")).length, 1)
    })
  )

  it.effect("fits again once somebody has added the column", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("CREATE TABLE public.t (id int PRIMARY KEY, v text)")
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      const session = yield* scene.open()
      yield* session.position
      const before = yield* scene.history
      yield* applyAll(session, before)
      yield* scene.source.script(
        "ALTER TABLE public.t ADD n int DEFAULT 5; INSERT INTO public.t VALUES (2, 'b', 6)"
      )
      const after = yield* scene.history
      assert.strictEqual((yield* reasonOf(applyAll(session, after, endOf(before))))._tag, "Unfit")
      yield* scene.target.script("ALTER TABLE public.t ADD n int DEFAULT 5")
      yield* applyAll(session, after, endOf(before))
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect(
    "one change: what came before its transaction stays, nothing of it does, and it is named without values",
    () =>
      Effect.gen(function* () {
        const scene = yield* makeScene("CREATE TABLE public.t (id int PRIMARY KEY, v text)", {
          targetSchema:
            "CREATE TABLE public.t (id int PRIMARY KEY, v text CONSTRAINT harmless CHECK (v <> 'secret'))"
        })
        yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
        yield* scene.source.script("INSERT INTO public.t VALUES (2, 'b'), (3, 'c')")
        yield* scene.source.script("INSERT INTO public.t VALUES (4, 'd'), (5, 'secret'), (6, 'e')")
        yield* scene.source.script("INSERT INTO public.t VALUES (7, 'f')")
        const chunks = yield* scene.history
        const session = yield* scene.open()
        yield* session.position
        const error = yield* Effect.flip(applyAll(session, chunks))
        assert.deepStrictEqual(error.reason, {
          _tag: "Rejected",
          seq: 3,
          ordinal: 1,
          table: "public.t",
          sqlState: "23514",
          detail: "a check constraint does not hold (constraint harmless, table public.t)"
        })
        assert.isFalse(error.isRetryable)
        assert.notInclude(JSON.stringify(error), "secret")
        assert.deepStrictEqual(yield* session.position, { seq: 2, ordinal: 1 })
        assert.deepStrictEqual(
          (yield* scene.target.query("SELECT id::text FROM public.t ORDER BY id")).map((row) => row["id"]),
          ["1", "2", "3"]
        )
        // The same again, as the retries of a job do.
        const rest = chunks.slice(2)
        assert.strictEqual(
          (yield* reasonOf(applyAll(session, rest, { seq: 2, ordinal: 1 })))._tag,
          "Rejected"
        )
        yield* scene.target.script("ALTER TABLE public.t DROP CONSTRAINT harmless")
        assert.strictEqual((yield* applyAll(session, rest, { seq: 2, ordinal: 1 })).processed, 4)
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      })
  )

  it.effect("a value that its column does not take, without quoting it", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("CREATE TABLE public.t (id int PRIMARY KEY, v text)", {
        targetSchema: "CREATE TABLE public.t (id int PRIMARY KEY, v int)"
      })
      yield* scene.source.script("INSERT INTO public.t VALUES (1, '17'), (2, 'secret')")
      const session = yield* scene.open()
      yield* session.position
      const error = yield* Effect.flip(applyAll(session, yield* scene.history))
      assert.strictEqual(error.reason._tag, "Rejected")
      if (error.reason._tag !== "Rejected") return
      assert.deepStrictEqual([error.reason.ordinal, error.reason.sqlState], [1, "22P02"])
      assert.notInclude(`${error.message} ${JSON.stringify(error)}`, "secret")
    })
  )

  it.effect("a transaction whose deferred constraint does not hold at its end", () =>
    Effect.gen(function* () {
      const tables =
        "CREATE TABLE public.p (id int PRIMARY KEY); CREATE TABLE public.c (id int PRIMARY KEY, p int);"
      const scene = yield* makeScene(tables, {
        targetSchema: `${tables} ALTER TABLE public.c ADD FOREIGN KEY (p) REFERENCES public.p DEFERRABLE INITIALLY DEFERRED`,
        asOwner: true
      })
      yield* scene.source.script("INSERT INTO public.c VALUES (1, 1); INSERT INTO public.p VALUES (1)")
      yield* scene.source.script("INSERT INTO public.c VALUES (2, 99); INSERT INTO public.p VALUES (2)")
      yield* scene.source.script("INSERT INTO public.p VALUES (3)")
      const session = yield* scene.open()
      yield* session.position
      const reason = yield* reasonOf(applyAll(session, yield* scene.history))
      assert.deepStrictEqual(reason, {
        _tag: "Rejected",
        seq: 2,
        ordinal: 0,
        table: "public.c",
        sqlState: "23503",
        detail: "a foreign key does not hold (constraint c_p_fkey, table public.c)"
      })
      assert.deepStrictEqual(yield* session.position, { seq: 1, ordinal: 1 })
    })
  )

  it.effect("itself as a target", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("SELECT 1")
      const targets = configuredTargets({
        targets: { same: scene.sourceUrl },
        source: { url: scene.sourceUrl }
      })
      const reason = yield* reasonOf(
        Effect.flatMap(Targets, ({ open }) => open("same", false, defaults)).pipe(Effect.provide(targets))
      )
      assert.strictEqual(reason._tag, "SameAsSource")
      const session = yield* Effect.flatMap(Targets, ({ open }) => open("same", true, defaults)).pipe(
        Effect.provide(targets)
      )
      assert.isNull(yield* session.position)
    })
  )

  it.effect("a role that may not make the ledger, with the SQL that makes it", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("SELECT 1", { asOwner: true })
      const role = decodeURIComponent(new URL(Redacted.value(scene.targetUrl)).username)
      yield* scene.target.script(`REVOKE CREATE ON DATABASE ${role}_target FROM ${role}`)
      const reason = yield* reasonOf(scene.open())
      assert.strictEqual(reason._tag, "Refused")
      if (reason._tag !== "Refused") return
      assert.include(reason.detail, "CREATE TABLE IF NOT EXISTS walstream.ledger_jobs")
    })
  )

  it.effect("a wrong password, a wrong port and an unknown name", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("SELECT 1")
      const changed = (change: (url: URL) => void) => {
        const url = new URL(Redacted.value(scene.targetUrl))
        change(url)
        return Redacted.make(url.href)
      }
      const targets = configuredTargets({
        targets: {
          password: changed((url) => {
            url.password = "wrong"
          }),
          port: changed((url) => {
            url.port = "1"
          })
        },
        source: null
      })
      const tag = (name: string) =>
        Effect.map(
          reasonOf(
            Effect.flatMap(Targets, ({ open }) => open(name, false, defaults)).pipe(Effect.provide(targets))
          ),
          ({ _tag }) => _tag
        )
      assert.deepStrictEqual(
        [yield* tag("password"), yield* tag("port"), yield* tag("unknown")],
        ["Refused", "Unavailable", "Refused"]
      )
    })
  )

  it.effect("updates of a table whose source names no row", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("CREATE TABLE public.t (id int, v text)")
      yield* scene.source.script(
        "ALTER TABLE public.t REPLICA IDENTITY NOTHING; INSERT INTO public.t VALUES (1, 'a'), (1, 'a')"
      )
      const session = yield* scene.open()
      yield* session.position
      const inserts = yield* scene.history
      assert.strictEqual((yield* applyAll(session, inserts)).processed, 2)
      const [chunk] = inserts
      const [insert] = chunk?.changes ?? []
      if (chunk === undefined || insert?.op !== "insert") return assert.fail("no insert")
      const update = { op: "update" as const, relation: insert.relation, before: null, after: insert.after }
      const reason = yield* reasonOf(
        applyAll(session, [{ ...chunk, seq: 2, changes: [update] }], endOf(inserts))
      )
      assert.strictEqual(reason._tag, "Unfit")
      assert.deepStrictEqual(yield* session.position, endOf(inserts))
      assert.notStrictEqual(yield* session.position, origin)
    })
  )
})
