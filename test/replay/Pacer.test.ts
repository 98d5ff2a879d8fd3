import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Speed } from "../../src/domain/Job.ts"
import { Pacer } from "../../src/replay/Pacer.ts"
import { at } from "./History.ts"

/** Hands on at due time (or at `now` where that is later), and gives the time of it. */
const play = (pacer: Pacer, commitTime: number, now: number): number => {
  const when = Math.max(now, pacer.due(now, commitTime))
  pacer.handOn(when, { commitTime, arrived: 0 })
  return when
}

describe("Pacer", () => {
  it("plays gaps at the speed asked for, without adding up errors", () => {
    const pacer = new Pacer(10, null)
    let now = play(pacer, at(0), 1000)
    for (let second = 1; second <= 100; second++) now = play(pacer, at(second), now + 3)
    assert.strictEqual(now, 1000 + 100_000 / 10)
    assert.strictEqual(pacer.errors.summary?.p99, 0)
  })

  it("goes on from where it is when the speed changes, from full speed too", () => {
    const pacer = new Pacer("max", null)
    assert.isAtMost(pacer.due(0, at(0)), 0)
    for (const second of [0, 10, 20]) pacer.handOn(second, { commitTime: at(second), arrived: 0 })
    pacer.setSpeed(100, 2)
    assert.strictEqual(pacer.due(100, at(24)), 100 + 2000)
    pacer.setSpeed(1100, 4)
    assert.strictEqual(pacer.due(1100, at(24)), 1100 + 500)
    pacer.setSpeed(1200, "max")
    assert.isAtMost(pacer.due(1200, at(999)), 0)
  })

  it("does not catch up in a burst when the target could not keep up", () => {
    const pacer = new Pacer(1, null)
    play(pacer, at(0), 0)
    // The target held the second one for five seconds.
    assert.strictEqual(play(pacer, at(1), 6000), 6000)
    assert.strictEqual(play(pacer, at(2), 6000), 6500)
    assert.strictEqual(pacer.errors.summary?.p99, 5000)
  })

  it("makes up for a short delay", () => {
    const pacer = new Pacer(1, null)
    play(pacer, at(0), 0)
    play(pacer, at(1), 1450)
    assert.strictEqual(pacer.due(1450, at(2)), 2000)
  })

  it("does not take a late arrival for an error of its own", () => {
    const pacer = new Pacer(1, null)
    pacer.handOn(0, { commitTime: at(0), arrived: 0 })
    pacer.handOn(1051, { commitTime: at(1), arrived: 1050 })
    assert.strictEqual(pacer.errors.summary?.p99, 1)
  })

  it("shortens idle stretches and says so neither as speed nor as error", () => {
    const pacer = new Pacer(1, 2)
    let now = play(pacer, at(0), 0)
    for (let i = 1; i <= 10; i++) now = play(pacer, at(i * 100), now)
    assert.strictEqual(now, 20_000)
    assert.strictEqual(pacer.errors.summary?.p99, 0)
    assert.closeTo(pacer.effectiveSpeed ?? 0, 1, 0.01)
  })

  it("does not count a slow source as slow playing", () => {
    const pacer = new Pacer(1, null)
    let now = 0
    for (let i = 0; i <= 40; i++) now = play(pacer, at(i / 10), now)
    assert.closeTo(pacer.effectiveSpeed ?? 0, 1, 0.01)
    pacer.idle()
    assert.isNull(pacer.effectiveSpeed)
  })

  it("shows half the speed when the target takes half", () => {
    const pacer = new Pacer(2, null)
    let now = 0
    for (let i = 0; i <= 20; i++) now = play(pacer, at(i), now + 1000)
    assert.closeTo(pacer.effectiveSpeed ?? 0, 1, 0.1)
  })

  it("shows a clock that stays between what was played and what waits", () => {
    const pacer = new Pacer(1, null)
    assert.isNull(pacer.clock(0, null))
    play(pacer, at(10), 0)
    assert.strictEqual(pacer.clock(500, at(12)), at(10.5))
    assert.strictEqual(pacer.clock(5000, at(12)), at(12))
    assert.strictEqual(pacer.clock(5000, null), at(10))
  })

  it.prop(
    "whatever changes on the way, nothing waits longer than its gap",
    [
      Schema.Array(
        Schema.Struct({
          gap: Schema.Int.check(Schema.isBetween({ minimum: -2000, maximum: 5_000_000 })),
          stall: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 })),
          speed: Schema.Union([
            Schema.Literal("max"),
            Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: 100 }))
          ]),
          isChange: Schema.Boolean
        })
      )
    ],
    ([steps]) => {
      const pacer = new Pacer(1, 3)
      let now = 0
      let commit = at(1000)
      let speed: Speed = 1
      now = play(pacer, commit, now)
      for (const step of steps) {
        if (step.isChange) {
          ;({ speed } = step)
          pacer.setSpeed(now, speed)
        }
        commit += step.gap
        const before = now
        now = play(pacer, commit, now + step.stall)
        const longest = speed === "max" ? 0 : (Math.min(3000, Math.max(0, step.gap) / 1000) + 3) / speed
        assert.isAtMost(now, before + step.stall + longest + 0.01)
        assert.isAtLeast(now, before)
      }
    }
  )
})
