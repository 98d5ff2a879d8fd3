import { assert, describe, it } from "@effect/vitest"
import { chooseRoute, type RouteFacts } from "../../src/replay/Router.ts"
import { at } from "./History.ts"

/** A window of 100 changes in the middle of a buffer that holds ten minutes at 10 changes/s. */
const facts = (change: Partial<RouteFacts> = {}): RouteFacts => ({
  archive: "sqlite",
  buffer: "memory",
  range: { start: 100, end: 200 },
  speed: "max",
  held: {
    coverage: { firstSeq: 50, nextSeq: 6050, fromTime: at(0), toTime: at(600), toLsn: null },
    stats: { changes: 6000, bytes: 0, maxChanges: 100_000 }
  },
  windowChanges: 100,
  changesSinceStart: 5950,
  startTime: at(5),
  endTime: at(15),
  now: at(600),
  maxAgeSeconds: 3600,
  ...change
})
const store = (change: Partial<RouteFacts>) => chooseRoute(facts(change)).store

describe("Router", () => {
  it("takes the live buffer for a small, young, closed window that it holds", () => {
    const route = chooseRoute(facts())
    assert.strictEqual(route.store, "memory")
    assert.include(route.reason, "100 changes")
  })

  it("takes the archive for an open window", () => {
    assert.deepStrictEqual(chooseRoute(facts({ range: { start: 100, end: null } })), {
      store: "sqlite",
      reason: "archive: the window is open"
    })
  })

  it("takes the archive where the buffer's coverage does not reach", () => {
    assert.strictEqual(store({ range: { start: 49, end: 200 } }), "sqlite")
    assert.strictEqual(store({ range: { start: 100, end: 6051 } }), "sqlite")
    assert.strictEqual(store({ range: { start: 50, end: 6050 } }), "memory")
    assert.strictEqual(store({ held: null }), "sqlite")
  })

  it("takes the archive for an old window, by commit time and not by what was asked for", () => {
    assert.strictEqual(store({ now: at(3700) }), "sqlite")
    // Asked for from the beginning of time; the buffer itself is young.
    assert.strictEqual(store({ startTime: 0, now: at(3500) }), "memory")
  })

  it("takes the archive for more than half of the buffer", () => {
    assert.strictEqual(store({ windowChanges: 50_000 }), "memory")
    assert.strictEqual(store({ windowChanges: 50_001 }), "sqlite")
  })

  it("takes the archive when the window would be trimmed before it is read", () => {
    // 94,050 changes until the window's start is trimmed, at 10 changes/s: 2.6 hours.
    assert.strictEqual(store({ speed: 1 }), "memory")
    const full = { changes: 100_000, bytes: 0, maxChanges: 100_000 }
    const held = {
      coverage: { firstSeq: 50, nextSeq: 6050, fromTime: at(0), toTime: at(600), toLsn: null },
      stats: full
    }
    assert.strictEqual(store({ held, changesSinceStart: 99_990 }), "sqlite", "at once")
    // 5000 changes at 167/s leave 30 s at the start, 31 s at the end; ten seconds at 0.1x take 100 s.
    assert.strictEqual(store({ held, changesSinceStart: 95_000, speed: 0.1 }), "sqlite")
    assert.strictEqual(store({ held, changesSinceStart: 95_000, speed: 1 }), "memory")
    assert.include(chooseRoute(facts({ held, changesSinceStart: 95_000, speed: 0.1 })).reason, "trimmed")
  })
})
