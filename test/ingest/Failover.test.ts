import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { connectPg, type PgSession } from "../../src/postgres/PgSession.ts"
import { temporaryDirectory } from "../log/SqliteFixture.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { makeStandby } from "../servers/TestStandby.ts"
import {
  accept,
  captured,
  captureInto,
  dense,
  lives,
  startCapturing,
  startLife,
  stoppedAt
} from "./CaptureLife.ts"
import { awaitPhase, until } from "./TestSource.ts"

const slot = "walstream_slot"

/** Until the standby's copy of the slot outlives a promotion. What moves the slot on, and the copy with it, is traffic. */
const slotIsReady = (primary: PgSession, standby: PgSession) =>
  until(
    Effect.andThen(
      primary.query("SELECT pg_log_standby_snapshot()"),
      standby.query(
        "SELECT FROM pg_replication_slots WHERE slot_name = $1 AND synced AND NOT temporary AND invalidation_reason IS NULL",
        [slot]
      )
    ),
    (rows) => rows.length > 0
  )

/** A primary with a table, capture of it into a file, and a standby that has a copy of the slot. */
const makePair = Effect.fnUntraced(function* (isWaitedFor: boolean) {
  const primary = yield* makeTestPostgres()
  const directory = yield* temporaryDirectory
  const url = yield* primary.createDatabase("shop")
  const options = { ...captureInto(directory, url), statusEvery: 200, lookAgainEvery: 200 }
  yield* connectPg({ url, applicationName: "test" }).pipe(
    Effect.flatMap((session) => session.script("CREATE TABLE public.t (id int PRIMARY KEY)")),
    Effect.scoped
  )
  const life = yield* startCapturing(options)
  const standby = yield* makeStandby(primary, { isWaitedFor })
  const session = yield* connectPg({ url, applicationName: "test" })
  const copy = yield* connectPg({ url: standby.url("shop"), applicationName: "test" })
  yield* slotIsReady(session, copy)
  return { primary, standby, life, session, copy, after: { ...options, url: standby.url("shop") } }
})

const insert = (session: PgSession, id: number) => session.script(`INSERT INTO public.t VALUES (${id})`)

const promote = Effect.fnUntraced(function* (session: PgSession) {
  yield* session.query("SELECT pg_promote()")
  // Subscribers of failover slots would wait for a standby that this one does not have.
  const [row] = yield* session.query("SHOW synchronized_standby_slots")
  assert.strictEqual(row?.["synchronized_standby_slots"], "")
})

describe("a failover of the source to a standby with its slot", { timeout: 90_000 }, () => {
  it.live("loses and doubles nothing: the next life begins where the old one ended, without a hole", () =>
    Effect.gen(function* () {
      const { primary, standby, life, session, copy, after } = yield* makePair(true)
      let id = 0
      const load = yield* Effect.forkChild(
        Effect.forever(Effect.suspend(() => insert(session, ++id))).pipe(Effect.exit)
      )
      yield* captured(life, 200)
      yield* primary.kill
      yield* Fiber.await(load)
      yield* awaitPhase(life.state, "Retrying")
      yield* life.end

      // Pointed at the standby before it is promoted, capture waits for that.
      const next = yield* startLife(after)
      yield* awaitPhase(next.state, "Stopped")
      yield* promote(copy)
      yield* awaitPhase(next.state, "Capturing")
      yield* insert(copy, 1_000_000)
      const { ids, seqs, incarnations } = yield* captured(next, 1_000_000)
      const rows = yield* copy.query("SELECT id FROM public.t ORDER BY id")
      // All that the standby has, in order, and each once: nothing was captured that it did not have.
      assert.deepStrictEqual(
        ids,
        rows.map(({ id: stored }) => Number(stored))
      )
      assert.isAbove(ids.length, 200)
      assert.deepStrictEqual(seqs, dense(seqs.length))
      const [first, second, ...more] = yield* lives(next)
      assert.deepStrictEqual(more, [])
      assert.include(second, { number: 2, gap: null, slot, timeline: 2 })
      assert.strictEqual(second?.systemIdentifier, first?.systemIdentifier)
      assert.strictEqual(incarnations.at(-1), 2)

      // And once more: a promoted server is a source as any other.
      yield* next.end
      yield* insert(copy, 1_000_001)
      const third = yield* startCapturing(after)
      assert.strictEqual((yield* captured(third, 1_000_001)).ids.length, ids.length + 1)
      assert.strictEqual((yield* lives(third)).length, 2)
      yield* standby.stop
    }).pipe(Effect.scoped)
  )

  it.live("stops where the log has what the standby did not have, and goes on when that is accepted", () =>
    Effect.gen(function* () {
      const { primary, standby, life, session, after } = yield* makePair(false)
      yield* insert(session, 1)
      yield* captured(life, 1)
      // The standby is away, and nobody waits for it.
      yield* standby.stop
      yield* insert(session, 2)
      yield* captured(life, 2)
      yield* primary.kill
      yield* life.end
      yield* standby.start
      const copy = yield* connectPg({ url: after.url, applicationName: "test" })
      yield* promote(copy)
      const next = yield* startLife(after)
      const { code, message, gap } = yield* stoppedAt(next)
      assert.strictEqual(code, "Replaced")
      assert.include(message, "the standby did not have it")
      yield* insert(copy, 3)
      yield* accept(next, gap.id)
      const { ids } = yield* captured(next, 3)
      // What the slot's copy had not been told of comes again, rather than not at all.
      assert.deepStrictEqual(ids.slice(0, 2), [1, 2])
      assert.strictEqual(ids.at(-1), 3)
      assert.isFalse(ids.slice(2).includes(2))
      assert.include((yield* lives(next)).at(-1)?.gap, "the standby did not have it")
    }).pipe(Effect.scoped)
  )

  it.live("without the slot there is a hole, and it is named", () =>
    Effect.gen(function* () {
      const { primary, life, session, copy, after } = yield* makePair(true)
      yield* insert(session, 1)
      yield* captured(life, 1)
      yield* primary.kill
      yield* life.end
      yield* promote(copy)
      yield* copy.query("SELECT pg_drop_replication_slot($1)", [slot])
      yield* insert(copy, 2)
      const next = yield* startLife(after)
      const { code, gap } = yield* stoppedAt(next)
      assert.strictEqual(code, "SlotMissing")
      yield* accept(next, gap.id)
      yield* awaitPhase(next.state, "Capturing")
      yield* insert(copy, 3)
      assert.deepStrictEqual((yield* captured(next, 3)).ids, [1, 3])
    }).pipe(Effect.scoped)
  )
})
