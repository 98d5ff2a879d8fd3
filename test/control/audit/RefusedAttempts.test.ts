import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import type { NewEntry } from "../../../src/control/audit/AuditEntry.ts"
import { AuditError, AuditLog } from "../../../src/control/audit/AuditLog.ts"
import { RefusedAttempts } from "../../../src/control/audit/RefusedAttempts.ts"
import { ActorSystem } from "../../../src/runtime/ActorSystem.ts"

const attempt = (given: Partial<NewEntry> = {}): NewEntry => ({
  actor: null,
  action: "jobs.list",
  target: null,
  claimed: null,
  outcome: "refused",
  status: 401,
  problem: "unauthorized",
  repeats: 1,
  door: "http",
  address: "192.0.2.1",
  requestId: "r",
  before: null,
  after: null,
  ...given
})

/** A log that may be away, and what was written to it. */
const scene = () => {
  const written: Array<NewEntry> = []
  const state = { isAway: false }
  const log = Layer.mock(AuditLog, {
    append: (entries) =>
      Effect.suspend(() => {
        if (state.isAway) return Effect.fail(new AuditError({ detail: "away", isRetryable: true }))
        written.push(...entries)
        return Effect.void
      })
  })
  const attempts = RefusedAttempts.layer.pipe(Layer.provide(log), Layer.provide(ActorSystem.layer))
  const total = () => written.reduce((sum, { repeats }) => sum + repeats, 0)
  return { written, state, attempts, total }
}

it.effect("the same again is one line at once, and one a minute from then on", () => {
  const { written, attempts, total } = scene()
  return Effect.gen(function* () {
    const { note } = yield* RefusedAttempts
    for (let i = 0; i < 100; i++) yield* note(attempt())
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(
      written.map(({ repeats }) => repeats),
      [100]
    )
    for (let second = 0; second < 120; second++) {
      for (let i = 0; i < 10; i++) yield* note(attempt({ requestId: `${second}` }))
      yield* TestClock.adjust("1 second")
    }
    assert.isAtMost(written.length, 4)
    yield* TestClock.adjust("61 seconds")
    assert.strictEqual(total(), 1300)
    // After a quiet minute it is news again.
    yield* TestClock.adjust("61 seconds")
    const before = written.length
    yield* note(attempt())
    yield* TestClock.adjust("1 second")
    assert.lengthOf(written, before + 1)
  }).pipe(Effect.provide(attempts))
})

it.effect("however many it is from, lines and memory are bounded, and each is counted", () => {
  const { written, attempts, total } = scene()
  return Effect.gen(function* () {
    const { note } = yield* RefusedAttempts
    const known = { id: "7", name: "eve", credential: null }
    for (let i = 0; i < 20_000; i++) yield* note(attempt({ address: `2001:db8:${i.toString(16)}::1` }))
    for (let i = 0; i < 1000; i++) yield* note(attempt({ actor: known, status: 403, target: `job-${i}` }))
    yield* TestClock.adjust("1 second")
    assert.strictEqual(total(), 21_000)
    assert.isAtMost(written.length, 502)
    // Whoever hides in a crowd is still named.
    assert.deepInclude(
      written.filter(({ actor }) => actor !== null).map(({ repeats }) => repeats),
      1000
    )
  }).pipe(Effect.provide(attempts))
})

it.effect("waits for a log that is away, and writes the rest when it ends", () => {
  const { state, attempts, total } = scene()
  return Effect.gen(function* () {
    yield* Effect.gen(function* () {
      const { note } = yield* RefusedAttempts
      state.isAway = true
      yield* note(attempt())
      yield* TestClock.adjust("10 seconds")
      yield* note(attempt())
      state.isAway = false
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(total(), 2)
      yield* note(attempt({ requestId: "last" }))
    }).pipe(Effect.provide(attempts))
    assert.strictEqual(total(), 3)
  })
})
