import { type Context, Effect, Layer, Schedule } from "effect"
import { ingestMetrics } from "../src/ingest/IngestMetrics.ts"
import type { IngestState } from "../src/ingest/IngestState.ts"
import { slotMetrics } from "../src/ingest/SlotMetrics.ts"
import type { ActorSystem } from "../src/runtime/ActorSystem.ts"
import { actorMetrics } from "../src/runtime/metrics/ActorMetrics.ts"
import { Buckets } from "../src/runtime/metrics/Buckets.ts"
import { makeExposition } from "../src/runtime/metrics/Exposition.ts"
import { joinMetrics } from "../src/runtime/metrics/Metric.ts"
import {
  type Backlog,
  copySlot,
  dropSlot,
  makeBacklog,
  makeBenchServer,
  session,
  temporaryFolder
} from "./Backlog.ts"
import { lessIsBetter, median, worstOf } from "./BenchResult.ts"
import { captured, captureLayer } from "./capture.ts"

/** Fifteen times as often as Prometheus is told to. */
const scrapeEvery = "1 second"

const scraping = Effect.gen(function* () {
  const { scrape } = yield* makeExposition(joinMetrics(actorMetrics, ingestMetrics, slotMetrics))
  yield* Effect.forkScoped(Effect.repeat(scrape, Schedule.spaced(scrapeEvery)))
})

/** Runs with nothing counted by the transaction or batch. */
const uncounted = <A, E, R>(run: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const { observe } = Buckets.prototype
      Buckets.prototype.observe = () => undefined
      return observe
    }),
    () => run,
    (observe) =>
      Effect.sync(() => {
        Buckets.prototype.observe = observe
      })
  )

/** Microseconds of CPU of all threads of this process that a change takes, from attaching until all is durable. */
const runOne = Effect.fnUntraced(function* (
  layer: ReturnType<typeof captureLayer>,
  backlog: Backlog,
  isScraped: boolean
) {
  const before = process.cpuUsage()
  yield* Effect.scoped(
    Effect.gen(function* () {
      // What captures brings its own state and actors along.
      const services = (yield* Layer.build(layer)) as Context.Context<IngestState | ActorSystem>
      yield* Effect.provideContext(
        isScraped ? Effect.andThen(scraping, captured(backlog)) : captured(backlog),
        services
      )
    })
  )
  const { user, system } = process.cpuUsage(before)
  return (user + system) / backlog.changes
})

/**
 * `npm run bench -- metrics-cost [CHANGES] [ROUNDS]`: the same backlog captured in turns, with all that is counted and a
 * scrape a second, and with neither. The goal is one percent.
 */
export const run = ([changes = "300000", rounds = "7"]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const server = yield* makeBenchServer()
    const cases = []
    for (const perTransaction of [1, 10]) {
      const database = `tx${perTransaction}`
      const backlog = yield* makeBacklog(server, database, Number(changes), perTransaction)
      const source = yield* session(server, database)
      const capture = Effect.fnUntraced(function* (isScraped: boolean, slot: string) {
        yield* copySlot(source, backlog, slot)
        const folder = yield* temporaryFolder
        const micros = yield* runOne(captureLayer(server.url(database), slot, folder), backlog, isScraped)
        yield* dropSlot(source, slot)
        return micros
      }, Effect.scoped)
      yield* capture(true, "warm")
      const scraped: Array<number> = []
      const bare: Array<number> = []
      for (let round = 0; round < Number(rounds); round++) {
        bare.push(yield* uncounted(capture(false, `bare_${round}`)))
        scraped.push(yield* capture(true, `scraped_${round}`))
      }
      console.error(
        `with ${scraped.map((each) => each.toFixed(2))}; without ${bare.map((each) => each.toFixed(2))}`
      )
      cases.push(lessIsBetter(`transactions of ${perTransaction}`, median(scraped), median(bare) * 1.01))
    }
    return worstOf("metrics-cost", "us of CPU a change", cases)
  }).pipe(Effect.scoped, Effect.runPromise)
