import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Buckets } from "../../../src/runtime/metrics/Buckets.ts"
import { makeExposition } from "../../../src/runtime/metrics/Exposition.ts"
import { counter, gauge, histogram, joinMetrics, metricSet } from "../../../src/runtime/metrics/Metric.ts"

const metrics = {
  told: counter("told_total", "Things told"),
  depth: gauge("depth", "Messages that wait", "group"),
  took: histogram("took_seconds", "How long it took")
}

/** The lines of samples. */
const samples = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))

describe("what a scrape shows", () => {
  it.effect("is what is there at that moment, in Prometheus' format", () =>
    Effect.gen(function* () {
      const took = new Buckets([0.1, 1])
      for (const value of [0.05, 0.1, 0.5, 30]) took.observe(value)
      const state = { told: 7, depth: new Map([["ingest", 3]]) }
      const { contentType, scrape } = yield* makeExposition(
        metricSet(
          metrics,
          Effect.sync(() => [
            metrics.told.is(state.told),
            metrics.depth.by(state.depth),
            metrics.took.is(took)
          ])
        )
      )
      assert.match(contentType, /^text\/plain; version=0\.0\.4/u)
      const first = yield* scrape
      assert.include(first, "# HELP told_total Things told\n# TYPE told_total counter\n")
      assert.deepStrictEqual(samples(first), [
        "told_total 7",
        'depth{group="ingest"} 3',
        'took_seconds_bucket{le="0.1"} 2',
        'took_seconds_bucket{le="1"} 3',
        'took_seconds_bucket{le="+Inf"} 4',
        "took_seconds_sum 30.65",
        "took_seconds_count 4"
      ])
      state.told = 9
      state.depth = new Map([["replay", 1]])
      assert.deepStrictEqual(samples(yield* scrape).slice(0, 2), ["told_total 9", 'depth{group="replay"} 1'])
    })
  )

  it.effect("has no sample of what is not known, and its name all the same", () =>
    Effect.gen(function* () {
      const set = metricSet(metrics, Effect.succeed([metrics.told.is(null), metrics.depth.by([["a", null]])]))
      const text = yield* (yield* makeExposition(set)).scrape
      assert.deepStrictEqual(samples(text), [])
      for (const { name } of set.definitions) assert.include(text, `# TYPE ${name} `)
    })
  )

  it.effect("cannot have one name twice", () =>
    Effect.gen(function* () {
      const set = metricSet(metrics, Effect.succeed([]))
      const exit = yield* Effect.exit(makeExposition(joinMetrics(set, set)))
      assert.strictEqual(exit._tag, "Failure")
    })
  )
})
