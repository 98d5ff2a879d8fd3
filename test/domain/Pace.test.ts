import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  changeSpeed,
  clockStep,
  crossGap,
  dueTime,
  reanchor,
  replayClock,
  startPace
} from "../../src/domain/Pace.ts"

const Speed = Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: 100 }))
const Wall = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e9 }))
/** Microseconds within ten days after 2026. */
const Commit = Schema.Int.check(Schema.isBetween({ minimum: 1.767e15, maximum: 1.767e15 + 8.64e11 }))
const Ahead = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3.6e9 }))

const near = (a: number, b: number, tolerance = 1e-3) => Math.abs(a - b) <= tolerance

describe("Pace", () => {
  it.prop(
    "a gap lasts its length divided by the speed",
    [Wall, Commit, Ahead, Speed],
    ([wall, commit, ahead, speed]) => {
      const pace = startPace(wall, commit, speed, null)
      assert.strictEqual(dueTime(pace, commit), wall)
      assert.isTrue(near(dueTime(pace, commit + ahead) - wall, ahead / 1000 / speed))
    }
  )

  it.prop(
    "what is due later was committed later",
    [Wall, Commit, Ahead, Ahead, Speed],
    ([wall, commit, a, b, speed]) => {
      const pace = startPace(wall, commit, speed, null)
      const [first, second] = [Math.min(a, b), Math.max(a, b)]
      assert.isTrue(dueTime(pace, commit + first) <= dueTime(pace, commit + second))
    }
  )

  it.prop(
    "the replay clock is the inverse of the due time",
    [Wall, Commit, Ahead, Speed],
    ([wall, commit, ahead, speed]) => {
      const pace = startPace(wall, commit, speed, null)
      const clock = replayClock(pace, dueTime(pace, commit + ahead))
      // A millisecond fraction at 100x is a good deal of history: doubles carry 1e-7 ms here.
      assert.isTrue(near(clock, commit + ahead, 1 + speed))
    }
  )

  it.prop(
    "a change of speed keeps the place in history",
    [Wall, Commit, Ahead, Speed, Speed],
    ([wall, commit, elapsed, speed, next]) => {
      const now = wall + elapsed / 1000
      const before = startPace(wall, commit, speed, null)
      const after = changeSpeed(before, now, next)
      assert.isTrue(near(replayClock(after, now), replayClock(before, now), 1))
      assert.isTrue(near(dueTime(after, replayClock(before, now) + 1_000_000), now + 1000 / next))
    }
  )

  it.prop(
    "going on after a pause is due at once",
    [Wall, Commit, Ahead, Speed],
    ([wall, commit, elapsed, speed]) => {
      const now = wall + elapsed
      assert.strictEqual(
        dueTime(reanchor(startPace(wall, commit, speed, null), now, commit + 5), commit + 5),
        now
      )
    }
  )

  it.prop(
    "an idle stretch takes at most the largest gap",
    [Wall, Commit, Ahead, Speed, Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 }))],
    ([wall, commit, gap, speed, maxGap]) => {
      const pace = startPace(wall, commit, speed, maxGap)
      const wait = dueTime(crossGap(pace, commit, commit + gap), commit + gap) - wall
      assert.isTrue(near(wait, Math.min(gap / 1000, maxGap * 1000) / speed))
    }
  )

  it.prop("a commit that was overtaken is due at once", [Wall, Commit, Speed], ([wall, commit, speed]) => {
    const pace = startPace(wall, commit, speed, null)
    assert.isTrue(dueTime(crossGap(pace, commit, commit - 1400), commit - 1400) <= wall)
  })

  it.prop(
    "a clock that was set back changes nothing about the pace after it",
    [Wall, Commit, Ahead, Speed],
    ([wall, commit, back, speed]) => {
      const pace = startPace(wall, commit, speed, null)
      const stepped = commit - clockStep - 1 - back
      const after = crossGap(pace, commit, stepped)
      assert.isTrue(near(dueTime(after, stepped), wall))
      assert.isTrue(near(dueTime(after, stepped + 2_000_000), wall + 2000 / speed))
    }
  )

  it("is due at once at full speed", () => {
    assert.strictEqual(dueTime(startPace(5, 10, "max", 1), 1e15), Number.NEGATIVE_INFINITY)
  })
})
