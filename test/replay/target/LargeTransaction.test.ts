import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Schedule, Scope } from "effect"
import { origin, type Position } from "../../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import { connectPg } from "../../../src/postgres/PgSession.ts"
import type { ApplyBatch, TargetSession } from "../../../src/replay/Target.ts"
import type { TargetError } from "../../../src/replay/TargetError.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { cutBatches, endOf, makeScene, Server, type TargetScene } from "./TargetScene.ts"

const table = "CREATE TABLE public.t (id int PRIMARY KEY, v text);"
const insert = (rows: number) => `INSERT INTO public.t SELECT g, 'v' || g FROM generate_series(1, ${rows}) g`

const reasonOf = <A, R>(effect: Effect.Effect<A, TargetError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

/** A transaction in parts of this size, each following the one before. */
const partsOf = (
  chunks: ReadonlyArray<ArchivedChunk>,
  size: number,
  follows: Position = origin
): ReadonlyArray<ApplyBatch> => {
  let last = follows
  return cutBatches(chunks, () => size).map((part) => {
    const batch = {
      chunks: part,
      follows: last,
      until: endOf(part),
      goesOn: part.at(-1)?.last === false
    }
    last = batch.until
    return batch
  })
}

/** What all of them together add. */
const applyParts = (session: TargetSession, parts: ReadonlyArray<ApplyBatch>) =>
  Effect.map(Effect.forEach(parts, session.apply), (counters) =>
    counters.reduce((a, b) => ({
      processed: a.processed + b.processed,
      duplicate: a.duplicate + b.duplicate,
      converged: a.converged + b.converged
    }))
  )

const countRows = (scene: TargetScene, name = "t") =>
  Effect.map(scene.target.query(`SELECT count(*)::text AS n FROM public.${name}`), ([row]) =>
    Number(row?.["n"])
  )

/** The job's sessions at the target that are inside a transaction. */
const openTransactions = (scene: TargetScene) =>
  scene.target.query(
    "SELECT pid::text, wait_event_type FROM pg_stat_activity WHERE application_name = 'walstream job job-1' AND state <> 'idle' AND datname = current_database()"
  )

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("a large transaction", (it) => {
  it.effect(
    "is one transaction at the target: references hold at its end, and nobody sees a part of it",
    () =>
      Effect.gen(function* () {
        const scene = yield* makeScene(
          `CREATE TABLE public.p (id int PRIMARY KEY);
         CREATE TABLE public.c (id int PRIMARY KEY, p int REFERENCES public.p DEFERRABLE INITIALLY DEFERRED);
         CREATE TABLE public.u (id int PRIMARY KEY, n int UNIQUE DEFERRABLE INITIALLY DEFERRED)`,
          { asOwner: true }
        )
        yield* scene.source.script("INSERT INTO public.u SELECT g, g FROM generate_series(1, 1000) g")
        const before = yield* scene.history
        yield* scene.source.script(
          `BEGIN; INSERT INTO public.c SELECT g, g FROM generate_series(1, 8000) g;
         UPDATE public.u SET n = n + 1;
         INSERT INTO public.p SELECT g FROM generate_series(1, 8000) g; COMMIT`
        )
        const large = yield* scene.history
        const session = yield* scene.open()
        yield* session.position
        yield* applyParts(session, partsOf(before, 1000))
        const parts = partsOf(large, 3000, endOf(before))
        assert.strictEqual(parts.length, 6)
        for (const part of parts) {
          assert.strictEqual(yield* countRows(scene, "c"), 0)
          yield* session.apply(part)
        }
        assert.deepStrictEqual(yield* session.position, endOf(large))
        yield* assertSameDatabases(scene.sourceUrl, scene.adminUrl)
      })
  )

  it.effect("of which one change is rejected leaves nothing, and can be done again", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(table)
      yield* scene.source.script(insert(50))
      const parts = partsOf(yield* scene.history, 20)
      yield* scene.target.script("ALTER TABLE public.t ADD CONSTRAINT small CHECK (id <> 33)")
      const session = yield* scene.open()
      yield* session.position
      assert.deepInclude(yield* reasonOf(applyParts(session, parts)), {
        _tag: "Rejected",
        seq: 1,
        ordinal: 32,
        sqlState: "23514"
      })
      assert.deepStrictEqual(yield* openTransactions(scene), [])
      assert.strictEqual(yield* countRows(scene), 0)
      assert.isNull(yield* session.position)
      yield* scene.target.script("ALTER TABLE public.t DROP CONSTRAINT small")
      assert.deepStrictEqual(yield* applyParts(session, parts), {
        processed: 50,
        duplicate: 0,
        converged: 0
      })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect(
    "whose references do not hold at its end leaves nothing, and the table's last change is named",
    () =>
      Effect.gen(function* () {
        const tables =
          "CREATE TABLE public.p (id int PRIMARY KEY); CREATE TABLE public.c (id int PRIMARY KEY, p int);"
        const scene = yield* makeScene(tables, {
          targetSchema: `${tables} ALTER TABLE public.c ADD FOREIGN KEY (p) REFERENCES public.p DEFERRABLE`,
          asOwner: true
        })
        yield* scene.source.script(
          `BEGIN; INSERT INTO public.c SELECT g, g FROM generate_series(1, 30) g;
         INSERT INTO public.p SELECT g FROM generate_series(2, 30) g; COMMIT`
        )
        const session = yield* scene.open()
        yield* session.position
        const reason = yield* reasonOf(applyParts(session, partsOf(yield* scene.history, 20)))
        assert.deepInclude(reason, {
          _tag: "Rejected",
          seq: 1,
          ordinal: 29,
          table: "public.c",
          sqlState: "23503"
        })
        assert.strictEqual(yield* countRows(scene, "c"), 0)
        assert.isNull(yield* session.position)
      })
  )

  it.effect("converges where the target's rows are not as history says, whichever part finds them", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(table)
      yield* scene.source.script(insert(50))
      const parts = partsOf(yield* scene.history, 20)
      yield* scene.target.script("INSERT INTO public.t VALUES (25, 'in the way')")
      const session = yield* scene.open()
      yield* session.position
      assert.deepStrictEqual(yield* applyParts(session, parts), {
        processed: 50,
        duplicate: 0,
        converged: 1
      })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("is gone when its connection is lost, or somebody asks where the job stands", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(table)
      yield* scene.source.script(insert(50))
      const [first, second, third] = partsOf(yield* scene.history, 20)
      if (first === undefined || second === undefined || third === undefined) return assert.fail("no parts")
      const session = yield* scene.open()
      yield* session.position
      yield* session.apply(first)
      const [backend] = yield* openTransactions(scene)
      yield* scene.target.query("SELECT pg_terminate_backend($1::int)", [backend?.["pid"] ?? ""])
      // Noticed by the try, or before it.
      const tag = (yield* reasonOf(session.apply(second)))._tag
      assert.include(["Unavailable", "Moved"], tag)
      assert.isNull(yield* session.position)

      yield* session.apply(first)
      yield* session.apply(second)
      assert.isNull(yield* session.position)
      assert.deepStrictEqual(yield* openTransactions(scene), [])
      assert.deepStrictEqual(yield* reasonOf(session.apply(third)), { _tag: "Moved", ...origin })
      assert.strictEqual(yield* countRows(scene), 0)
      yield* applyParts(session, [first, second, third])
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("is taken back at once when a part is interrupted, and when the session ends between parts", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(`${table} CREATE TABLE public.other (id int)`)
      yield* scene.source.script(`${insert(20)}; INSERT INTO public.other VALUES (1)`)
      const parts = partsOf(yield* scene.history, 20)
      const [first, second] = parts
      if (first === undefined || second === undefined) return assert.fail("no parts")
      const scope = yield* Scope.make()
      const session = yield* Scope.provide(scene.open(), scope)
      yield* session.position
      const blocker = yield* connectPg({ url: scene.targetUrl, applicationName: "blocker" })
      yield* blocker.script("BEGIN; LOCK TABLE public.other IN ACCESS EXCLUSIVE MODE")
      yield* session.apply(first)
      const applying = yield* Effect.forkChild(session.apply(second))
      yield* openTransactions(scene).pipe(
        Effect.repeat({
          until: ([open]) => open?.["wait_event_type"] === "Lock",
          schedule: Schedule.spaced("5 millis")
        })
      )
      const started = performance.now()
      yield* Fiber.interrupt(applying)
      assert.isBelow(performance.now() - started, 1000)
      // On a busy machine the connection may have been cut, which the server notices a moment later.
      yield* openTransactions(scene).pipe(
        Effect.repeat({ until: (open) => open.length === 0, schedule: Schedule.spaced("5 millis") })
      )
      yield* blocker.script("ROLLBACK")
      assert.isNull(yield* session.position)

      yield* session.apply(first)
      yield* Scope.close(scope, Exit.void)
      yield* openTransactions(scene).pipe(
        Effect.repeat({ until: (open) => open.length === 0, schedule: Schedule.spaced("5 millis") })
      )
      assert.strictEqual(yield* countRows(scene), 0)
      const again = yield* scene.open()
      yield* again.position
      yield* applyParts(again, parts)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect(
    "of a holder that is stuck in the middle of it ends with that one's session; the next starts it again",
    () =>
      Effect.gen(function* () {
        const scene = yield* makeScene(table)
        yield* scene.source.script(insert(50))
        const parts = partsOf(yield* scene.history, 20)
        const [first, second] = parts
        if (first === undefined || second === undefined) return assert.fail("no parts")
        const old = yield* scene.open()
        yield* old.position
        yield* old.apply(first)
        const young = yield* scene.open({ epoch: 2 }, { lock: 200 })
        assert.isNull(yield* young.position)
        yield* applyParts(young, parts)
        // It wakes: what it was in the middle of is gone, and so is its right to go on.
        assert.include(["Unavailable", "Fenced"], (yield* reasonOf(old.apply(second)))._tag)
        assert.deepStrictEqual(yield* reasonOf(old.position), { _tag: "Fenced", mine: 1, theirs: 2 })
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      })
  )

  it.effect("is not disturbed by a former holder that wakes up in the middle of it", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(table)
      yield* scene.source.script(insert(50))
      const old = yield* scene.open({}, { lock: 200 })
      yield* old.position
      const young = yield* scene.open({ epoch: 2 })
      yield* young.position
      const [first, ...rest] = partsOf(yield* scene.history, 20)
      if (first === undefined) return assert.fail("no parts")
      yield* young.apply(first)
      assert.deepStrictEqual(yield* reasonOf(old.position), { _tag: "Fenced", mine: 1, theirs: 2 })
      yield* applyParts(young, rest)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("keeps another job waiting until it is committed; that one then finds it there", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(table)
      yield* scene.source.script(insert(50))
      const chunks = yield* scene.history
      const [first, ...rest] = partsOf(chunks, 20)
      if (first === undefined) return assert.fail("no parts")
      const one = yield* scene.open({ jobId: "one" })
      const two = yield* scene.open({ jobId: "two" }, { lock: 200 })
      yield* one.position
      yield* two.position
      yield* one.apply(first)
      const parts = partsOf(chunks, 30)
      assert.strictEqual((yield* reasonOf(applyParts(two, parts)))._tag, "Unavailable")
      yield* applyParts(one, rest)
      assert.isNull(yield* two.position)
      assert.deepStrictEqual(yield* applyParts(two, parts), { processed: 0, duplicate: 50, converged: 0 })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("may give rows the keys of others for a while, where they are unique at its end only", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(
        `CREATE TABLE public.t (id int PRIMARY KEY DEFERRABLE, v text); ALTER TABLE public.t REPLICA IDENTITY FULL`
      )
      yield* scene.source.script(insert(30))
      const before = yield* scene.history
      yield* scene.source.script("UPDATE public.t SET id = id + 1")
      const large = yield* scene.history
      const session = yield* scene.open()
      yield* session.position
      yield* applyParts(session, partsOf(before, 100))
      const counters = yield* applyParts(session, partsOf(large, 10, endOf(before)))
      assert.strictEqual(counters.converged, 0)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )
})
