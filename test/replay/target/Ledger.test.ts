import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { origin } from "../../../src/domain/Position.ts"
import { connectPg, type PgSession } from "../../../src/postgres/PgSession.ts"
import type { TargetError } from "../../../src/replay/TargetError.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { applyAll, endOf, makeScene, Server, type TargetScene } from "./TargetScene.ts"

const schema = "CREATE TABLE public.t (id int PRIMARY KEY, v text)"

const reasonOf = <A, R>(effect: Effect.Effect<A, TargetError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

/** Until a backend of the job waits for a lock. */
const untilWaiting = (target: PgSession, jobId: string) =>
  target
    .query(
      "SELECT pid::text FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock' AND datname = current_database()",
      [`walstream job ${jobId}`]
    )
    .pipe(
      Effect.repeat({ until: (rows) => rows.length > 0, schedule: Schedule.spaced("5 millis") }),
      Effect.timeout("10 seconds")
    )

/** Holds the table, so that a batch stops behind its ledger step, until `release`. */
const holdTable = Effect.fnUntraced(function* (scene: TargetScene) {
  const blocker = yield* connectPg({ url: scene.targetUrl, applicationName: "blocker" })
  yield* blocker.script("BEGIN; LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE")
  return { release: blocker.script("ROLLBACK") }
})

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("the ledger", (it) => {
  it.effect("refuses a batch that does not follow, a repeated one, and a holder whose epoch is past", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      const first = yield* scene.history
      yield* scene.source.script("INSERT INTO public.t VALUES (2, 'b')")
      const second = yield* scene.history
      const old = yield* scene.open()
      assert.isNull(yield* old.position)
      assert.deepStrictEqual(yield* reasonOf(applyAll(old, second, endOf(first))), {
        _tag: "Moved",
        ...origin
      })
      yield* applyAll(old, first)
      assert.deepStrictEqual(yield* reasonOf(applyAll(old, first)), { _tag: "Moved", ...endOf(first) })

      const young = yield* scene.open({ epoch: 2 })
      assert.deepStrictEqual(yield* young.position, endOf(first))
      assert.deepStrictEqual(yield* reasonOf(applyAll(old, second, endOf(first))), {
        _tag: "Fenced",
        mine: 1,
        theirs: 2
      })
      assert.deepStrictEqual(yield* reasonOf(old.position), { _tag: "Fenced", mine: 1, theirs: 2 })
      yield* applyAll(young, second, endOf(first))
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("makes a new holder wait for the old one's open transaction, and see what it did", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      const chunks = yield* scene.history
      const old = yield* scene.open()
      const young = yield* scene.open({ epoch: 2 })
      yield* old.position
      const table = yield* holdTable(scene)
      const applying = yield* Effect.forkChild(applyAll(old, chunks))
      yield* untilWaiting(scene.target, "job-1")
      const reading = yield* Effect.forkChild(young.position)
      // Both wait: the old one for the table, the new one for the old one's ledger row.
      yield* scene.target
        .query(
          "SELECT pid::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND application_name LIKE 'walstream job%'"
        )
        .pipe(Effect.repeat({ until: (rows) => rows.length === 2, schedule: Schedule.spaced("5 millis") }))
      yield* table.release
      yield* Fiber.join(applying)
      assert.deepStrictEqual(yield* Fiber.join(reading), endOf(chunks))
      assert.deepStrictEqual(yield* reasonOf(applyAll(young, chunks)), { _tag: "Moved", ...endOf(chunks) })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("tells after a lost connection whether the batch was applied, and goes on", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      const chunks = yield* scene.history
      const session = yield* scene.open()
      yield* session.position
      const table = yield* holdTable(scene)
      const applying = yield* Effect.forkChild(reasonOf(applyAll(session, chunks)))
      const [backend] = yield* untilWaiting(scene.target, "job-1")
      yield* scene.target.query("SELECT pg_terminate_backend($1::int)", [backend?.["pid"] ?? ""])
      assert.strictEqual((yield* Fiber.join(applying))._tag, "Unavailable")
      yield* table.release
      assert.isNull(yield* session.position)
      yield* applyAll(session, chunks)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("takes back an interrupted batch at once", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      const chunks = yield* scene.history
      const session = yield* scene.open()
      yield* session.position
      const table = yield* holdTable(scene)
      const applying = yield* Effect.forkChild(applyAll(session, chunks))
      yield* untilWaiting(scene.target, "job-1")
      const started = performance.now()
      yield* Fiber.interrupt(applying)
      assert.isBelow(performance.now() - started, 1000)
      const open = yield* scene.target.query(
        "SELECT state FROM pg_stat_activity WHERE application_name = 'walstream job job-1' AND state <> 'idle' AND datname = current_database()"
      )
      assert.deepStrictEqual(open, [])
      yield* table.release
      assert.isNull(yield* session.position)
      yield* applyAll(session, chunks)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("takes a lock that does not come for no failure of a change", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      const chunks = yield* scene.history
      const session = yield* scene.open({}, { lock: 200 })
      yield* session.position
      const table = yield* holdTable(scene)
      assert.strictEqual((yield* reasonOf(applyAll(session, chunks)))._tag, "Unavailable")
      yield* table.release
      yield* applyAll(session, chunks)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("ends a former holder that is stuck in its transaction", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      const old = yield* scene.open()
      yield* old.position
      const frozen = yield* connectPg({ url: scene.targetUrl, applicationName: "walstream job job-1" })
      yield* frozen.script("BEGIN; UPDATE walstream.ledger_jobs SET seq = 99, ordinal = 0")
      const young = yield* scene.open({ epoch: 2 }, { lock: 200 })
      assert.isNull(yield* young.position)
      assert.strictEqual((yield* Effect.flip(frozen.script("COMMIT"))).failure, "unavailable")
    })
  )

  it.effect("writes its position without changes", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      const session = yield* scene.open()
      yield* session.position
      const until = { seq: 40, ordinal: 3 }
      const counters = yield* session.apply({ chunks: [], follows: origin, until, goesOn: false })
      assert.deepStrictEqual(counters, { processed: 0, duplicate: 0, converged: 0 })
      assert.deepStrictEqual(yield* session.position, until)
    })
  )
})
