import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Dice } from "../log/Dice.ts"
import type { Mishap } from "./FakeTarget.ts"
import { at, transaction } from "./History.ts"
import { makeWorkbench, type Runner } from "./Workbench.ts"

const unavailable = { _tag: "Unavailable", detail: "it went away" } as const

/** Random transactions in random chunks and pages, commit times not monotonic. */
const history = (dice: Dice): ReadonlyArray<ReadonlyArray<ArchivedChunk>> => {
  const pages: Array<ReadonlyArray<ArchivedChunk>> = []
  const page: Array<ArchivedChunk> = []
  let time = 100
  const count = 1 + dice.below(60)
  for (let seq = 1; seq <= count; seq++) {
    time += dice.oneIn(8) ? -dice.roll() : dice.roll()
    const tables = Array.from({ length: 1 + dice.below(dice.oneIn(6) ? 40 : 5) }, () =>
      dice.oneIn(3) ? ("stock" as const) : ("orders" as const)
    )
    for (const chunk of transaction(seq, at(time), tables, 1 + dice.below(8))) {
      page.push(chunk)
      if (dice.oneIn(4)) pages.push(page.splice(0))
    }
  }
  if (page.length > 0) pages.push(page)
  return pages
}

describe("exactly once, in order", () => {
  it.effect.prop(
    "whatever happens on the way",
    [Schema.Int],
    ([seed]) =>
      Effect.gen(function* () {
        const dice = new Dice(seed)
        const { archive, buffer, jobs, runNext, start, target } = yield* makeWorkbench
        const pages = history(dice)
        const chunks = pages.flat()
        const tables = dice.pick([null, ["shop.stock"], ["shop.orders"], ["shop.nothing"]])
        const wanted = chunks.flatMap((chunk) =>
          chunk.changes.flatMap((change, i) =>
            change.op === "insert" && (tables === null || tables.includes(`shop.${change.relation.name}`))
              ? [`${chunk.seq}:${chunk.firstOrdinal + i}`]
              : []
          )
        )
        // Part of the history is there at the start, the rest comes while the job runs.
        const later = dice.oneIn(2) ? pages.length : dice.below(pages.length)
        for (const page of pages.slice(0, later)) {
          archive.add(page)
          buffer.add(page)
        }
        const limits = {
          batchChanges: 1 + dice.below(12),
          batchBytes: dice.oneIn(3) ? 800 : 1e9,
          wholeChanges: 5 + dice.below(30)
        }
        const asked = {
          tables,
          speed: dice.pick(["max", 1, 20] as const),
          ...(later < pages.length || dice.oneIn(2) ? { endTime: at(10_000) } : {})
        }
        target.mishap = (): Mishap => {
          switch (dice.below(12)) {
            case 0:
              return { before: unavailable }
            case 1:
              return { after: unavailable }
            case 2:
              return { millis: dice.below(3000) }
            case 3:
              return { after: { _tag: "Moved", seq: 0, ordinal: 0 } }
            default:
              return {}
          }
        }
        const first = yield* start(asked, limits)
        let runner: Runner = first
        /** The next holder, if there is something left to hold. */
        const again = Effect.gen(function* () {
          const next = yield* Effect.option(runNext(limits))
          if (Option.isSome(next)) return next.value
          // Taken over three times without progress.
          if ((yield* jobs.service.find(first.id)).status !== "failed") return runner
          yield* jobs.service.act(first.id, "resume")
          return yield* runNext(limits)
        })
        for (let step = 0; step < 12; step++) {
          yield* TestClock.adjust(dice.below(4000))
          const next = pages[later + step]
          if (next !== undefined) archive.add(next)
          if (dice.oneIn(4)) archive.failures.push({ _tag: "Unavailable", detail: "busy" })
          if (dice.oneIn(6)) buffer.breaksAt = { seq: 1, reason: { _tag: "Missing", from: 1, until: 9 } }
          const { status } = yield* jobs.service.find(first.id)
          if (status !== "running") continue
          switch (dice.below(5)) {
            case 0:
              yield* jobs.service.act(first.id, "pause")
              if (dice.oneIn(2)) runner.keeper.look()
              yield* TestClock.adjust(dice.below(1500))
              yield* jobs.service.act(first.id, "resume")
              runner = yield* again
              break
            case 1:
              // Taken over while the old holder still runs.
              jobs.controls.gone.add("worker")
              runner = yield* again
              jobs.controls.gone.clear()
              break
            case 2:
              yield* Fiber.interrupt(runner.fiber)
              runner = yield* again
              break
            case 3:
              yield* jobs.service.update(first.id, { speed: dice.pick(["max", 0.5, 50] as const) })
              break
            default:
          }
        }
        for (const page of pages.slice(later + 12)) archive.add(page)
        target.mishap = () => ({})
        yield* jobs.service.update(first.id, { speed: "max" })
        archive.advance(at(20_000))
        yield* TestClock.adjust("60 seconds")
        yield* Fiber.join(runner.fiber)
        const job = yield* jobs.service.find(first.id)
        assert.strictEqual(job.status, "completed", JSON.stringify(job.failure))
        assert.deepStrictEqual(
          target.applied.map(({ seq, ordinal }) => `${seq}:${ordinal}`),
          wanted
        )
        assert.strictEqual(job.counters.processed, wanted.length)
        const { seq, firstOrdinal, changes } = chunks.at(-1) ?? assert.fail("an empty history")
        assert.deepStrictEqual(job.checkpoint?.position, { seq, ordinal: firstOrdinal + changes.length - 1 })
      }),
    { arbitrary: { runs: 60 } }
  )
})
