import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { JobStore, JobStoreError } from "../../src/replay/JobStore.ts"
import { ledgerCleaner } from "../../src/replay/LedgerCleaner.ts"
import { Targets } from "../../src/replay/Target.ts"
import { TargetError } from "../../src/replay/TargetError.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

/** Ledgers that have expired rows, by target; `away` does not answer. */
const makeScene = (rows: Readonly<Record<string, Array<string>>>) => {
  const scene = {
    rows,
    /** Jobs of the store that never go on. */
    finished: new Set<string>(),
    storeAnswers: true,
    dropped: [] as Array<number>,
    looks: [] as Array<string>
  }
  const away = (target: string) =>
    Effect.fail(new TargetError({ target, reason: { _tag: "Unavailable", detail: "away" } }))
  const targets = Layer.mock(Targets, {
    names: Object.keys(rows),
    expiredJobs: (target, after, most) =>
      Effect.suspend(() => {
        scene.looks.push(target)
        const ids = rows[target] ?? []
        return target === "away"
          ? away(target)
          : Effect.succeed(ids.filter((id) => id > after).slice(0, most))
      }),
    forgetJobs: (target, jobIds) =>
      Effect.sync(() => {
        const before = rows[target] ?? []
        const left = before.filter((id) => !jobIds.includes(id))
        const removed = before.length - left.length
        before.splice(0, before.length, ...left)
        return removed
      })
  })
  const store = Layer.mock(JobStore, {
    finished: (jobIds) =>
      Effect.suspend(() =>
        scene.storeAnswers
          ? Effect.succeed(jobIds.filter((id) => scene.finished.has(id)))
          : Effect.fail(new JobStoreError({ detail: "away", isRetryable: true }))
      ),
    dropDeleted: (days) => Effect.sync(() => void scene.dropped.push(days))
  })
  const layer = ledgerCleaner({ everyMillis: 3_600_000 }).pipe(
    Layer.provide([targets, store, ActorSystem.layer])
  )
  return { scene, layer }
}

it.effect("removes rows of jobs that never go on, and no others; looks again each hour", () =>
  Effect.gen(function* () {
    const { scene, layer } = makeScene({ there: ["completed", "deleted", "failed", "stranger"] })
    scene.finished.add("completed").add("deleted")
    yield* Layer.build(layer)
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(scene.rows["there"], ["failed", "stranger"])
    scene.finished.add("failed")
    yield* TestClock.adjust("59 minutes")
    assert.deepStrictEqual(scene.rows["there"], ["failed", "stranger"])
    yield* TestClock.adjust("1 minute")
    assert.deepStrictEqual(scene.rows["there"], ["stranger"])
    assert.deepStrictEqual(scene.dropped, [30, 30])
  })
)

it.effect("comes to the rows behind thousands that have to stay", () =>
  Effect.gen(function* () {
    const strangers = Array.from({ length: 2500 }, (_, i) => `a${String(i).padStart(5, "0")}`)
    const { scene, layer } = makeScene({ there: [...strangers, "z"] })
    scene.finished.add("z").add("a00700")
    yield* Layer.build(layer)
    yield* TestClock.adjust(0)
    const left = strangers.filter((id) => id !== "a00700")
    assert.deepStrictEqual(scene.rows["there"], left)
  })
)

it.effect("goes on past a target that is away, and keeps in mind which jobs were deleted", () =>
  Effect.gen(function* () {
    const { scene, layer } = makeScene({ away: [], there: ["completed"] })
    scene.finished.add("completed")
    yield* Layer.build(layer)
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(scene.looks, ["away", "there"])
    assert.deepStrictEqual(scene.rows["there"], [])
    assert.deepStrictEqual(scene.dropped, [])
  })
)

it.effect("removes nothing while the job store does not answer", () =>
  Effect.gen(function* () {
    const { scene, layer } = makeScene({ there: ["completed"] })
    scene.finished.add("completed")
    scene.storeAnswers = false
    yield* Layer.build(layer)
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(scene.rows["there"], ["completed"])
    scene.storeAnswers = true
    yield* TestClock.adjust("1 hour")
    assert.deepStrictEqual(scene.rows["there"], [])
  })
)
