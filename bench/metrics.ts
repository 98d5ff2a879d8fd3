import { Effect, Layer } from "effect"
import { ingestMetrics } from "../src/ingest/IngestMetrics.ts"
import { IngestState } from "../src/ingest/IngestState.ts"
import { IngestTimings } from "../src/ingest/IngestTimings.ts"
import { slotMetrics } from "../src/ingest/SlotMetrics.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"
import { actorMetrics } from "../src/runtime/metrics/ActorMetrics.ts"
import { makeExposition } from "../src/runtime/metrics/Exposition.ts"
import { joinMetrics } from "../src/runtime/metrics/Metric.ts"
import { type BenchResult, lessIsBetter, median, worstOf } from "./BenchResult.ts"

/**
 * One percent of what a change costs all threads of capture, at its cheapest, in microseconds (open points, "Capture
 * speed"): in transactions of one row, and of ten.
 */
const goals = { one: 0.165, ten: 0.075 }
/** A scrape every 15 seconds may take one percent of a thread. */
const scrapeGoal = 150_000

/** What is counted for a batch of transactions on its way: each latency, and the batch's own time. */
const perBatch = (timings: IngestTimings, transactions: number, seed: number): void => {
  for (let i = 0; i < transactions; i++) timings.latency.observe(((seed + i) % 97) / 1000)
  timings.append.observe((seed % 31) / 1000)
  timings.live.observe((seed % 17) / 1000)
}

/** Microseconds per change; the best of several rounds, since on a shared machine the others are noise. */
const counting = (size: number): number => {
  const timings = new IngestTimings()
  const changes = 500
  const transactions = changes / size
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 8; round++) {
    const batches = 2000
    const begun = performance.now()
    for (let batch = 0; batch < batches; batch++) perBatch(timings, transactions, batch)
    best = Math.min(best, ((performance.now() - begun) * 1000) / (batches * changes))
  }
  return best
}

/** Microseconds of one scrape of a process that captures. */
const scraping = Effect.gen(function* () {
  const { scrape } = yield* makeExposition(joinMetrics(actorMetrics, ingestMetrics, slotMetrics))
  const took: Array<number> = []
  for (let i = 0; i < 200; i++) {
    const begun = performance.now()
    yield* scrape
    took.push((performance.now() - begun) * 1000)
  }
  return median(took)
}).pipe(Effect.provide(Layer.mergeAll(IngestState.layer, ActorSystem.layer)))

export const run = async (): Promise<BenchResult> =>
  worstOf("metrics", "us", [
    lessIsBetter("counting a change, transactions of 1 row", counting(1), goals.one),
    lessIsBetter("counting a change, transactions of 10 rows", counting(10), goals.ten),
    lessIsBetter("one scrape", await Effect.runPromise(scraping), scrapeGoal)
  ])
