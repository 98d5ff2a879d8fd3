import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { runWorkload } from "../../src/main/demo/DemoWorkload.ts"
import { follow, until } from "../faults/Scene.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { emptyShop, makePlatform } from "./Platform.ts"
import { settled } from "./Scenario.ts"

describeWith("kafka", "two ingestors of one source", () => {
  describeWith("redis-server", "on real servers", () => {
    it.live(
      "take turns: the second waits for the slot, goes on when the first dies, and one that was frozen does no harm",
      () =>
        Effect.gen(function* () {
          const platform = yield* makePlatform({
            prepare: emptyShop,
            ingestors: 2,
            // How long the server keeps the slot for a silent reader. Below 10 s our connection would raise it to 60.
            sourceSettings: { wal_sender_timeout: "10s" }
          })
          const [first, second] = [platform.processOf("ingestor"), platform.processOf("ingestor-2")]
          for (const [name, { start }] of platform.processes) if (name !== "ingestor-2") yield* start
          yield* Effect.onError(
            Effect.gen(function* () {
              for (const name of ["ingestor", "worker", "replayer", "control"])
                yield* until(`${name} is ready`, platform.isReady(name))
              const api = yield* platform.api
              const { id } = yield* follow(api)
              yield* platform.seed
              yield* second.start
              yield* until(
                "the second waits for the slot",
                Effect.sync(() => /slot walstream_slot is read by/u.test(second.log()))
              )
              const load = yield* Effect.forkScoped(runWorkload({ url: platform.sourceUrl, rate: 60 }))
              const grown = (by: number) =>
                Effect.gen(function* () {
                  const from = (yield* api.coverage).archive.coverage.next_seq
                  yield* until(
                    `the archive grows by ${by}`,
                    Effect.map(api.coverage, ({ archive }) => archive.coverage.next_seq > from + by),
                    60
                  )
                })
              yield* grown(200)
              assert.isFalse(yield* platform.isReady("ingestor-2"))

              yield* first.freeze
              yield* until("the second captures", platform.isReady("ingestor-2"), 60)
              yield* grown(100)
              yield* first.thaw
              yield* grown(100)
              assert.isTrue(yield* platform.isReady("ingestor-2"))

              yield* second.kill
              yield* until("the first captures again", platform.isReady("ingestor"), 60)
              yield* grown(100)
              yield* second.start
              yield* Fiber.interrupt(load)
              const last = yield* settled(platform, api, id)
              yield* assertSameDatabases(platform.sourceUrl, platform.targetUrl)
              const audit = yield* platform.audit
              assert.deepStrictEqual([audit.faults, audit.transactions], [[], last])
              const job = yield* api.job(id)
              assert.deepStrictEqual([job.error, job.events_converged, job.events_duplicate], [null, 0, 0])
              for (const [name, { ownEnds }] of platform.processes)
                assert.deepStrictEqual(ownEnds(), [], name)
            }),
            () => platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 240_000, retry: 0 }
    )
  })
})
