import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { runWorkload } from "../../src/main/demo/DemoWorkload.ts"
import { version } from "../../src/main/Version.ts"
import { follow, until } from "../faults/Scene.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestCollector } from "../servers/TestCollector.ts"
import { emptyShop, makePlatform } from "./Platform.ts"
import type { Platform } from "./Scenario.ts"
import { assertChain, wholeTraces } from "./TransactionTraces.ts"

const decodeHealth = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Struct({ status: Schema.String, role: Schema.String, version: Schema.String }))
)

/** Each process says which version it is: first of all in its log, to probes, and in its metrics. */
const assertVersion = Effect.fnUntraced(function* (platform: Platform, role: string, log: string) {
  const read = (path: string) =>
    Effect.promise(async () => (await fetch(new URL(path, platform.metricsOf(role)))).text())
  assert.include(log.split("\n")[0], `walstream ${version} starts as ${role}, on Node ${process.version}`)
  for (const path of ["/health/live", "/health/ready"])
    assert.deepStrictEqual(decodeHealth(yield* read(path)), { status: "ok", role, version })
  const labels = `version="${version}",role="${role}",node="${process.version}"`
  assert.include(yield* read("/metrics"), `walstream_build_info{${labels}} 1`)
})

describeWith("kafka", "the four processes", () => {
  describeWith("redis-server", "on real servers", () => {
    it.live(
      "capture a shop into Kafka and Redis and replay it, through the replayer, into an equal one",
      () =>
        Effect.gen(function* () {
          const collector = yield* makeTestCollector
          const platform = yield* makePlatform({
            prepare: emptyShop,
            env: {
              OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
              OTEL_TRACES_SAMPLER_ARG: "0.1"
            }
          })
          // Each role is up, and says what it waits for, before its stores are.
          yield* platform.kafka.kill
          for (const { start } of platform.processes.values()) yield* start
          yield* Effect.onError(
            Effect.gen(function* () {
              const api = yield* platform.api
              yield* until("the control process lives", Effect.as(api.live, true))
              assert.strictEqual((yield* Effect.flip(api.ready)).status, 503)
              // Without Kafka nothing is replayed, and who asks what is wrong is served.
              assert.isTrue(yield* platform.isReady("control"))
              assert.isFalse(yield* platform.isReady("worker"))
              const early = yield* api.createJob({ start_time: null, speed_factor: "max", dry_run: true })
              assert.strictEqual(early.status, "pending")
              yield* platform.kafka.start
              yield* platform.ready
              const job = yield* follow(api)
              yield* platform.seed
              const load = yield* Effect.forkScoped(runWorkload({ url: platform.sourceUrl, rate: 60 }))
              yield* until(
                "some work was done",
                Effect.map(api.source, ({ seq }) => seq > 250)
              )
              yield* Fiber.interrupt(load)
              const last = yield* platform.archived(api)
              yield* until(
                "the job has applied all of it",
                Effect.map(api.job(job.id), ({ checkpoint }) => (checkpoint?.seq ?? 0) >= last)
              )
              yield* assertSameDatabases(platform.sourceUrl, platform.targetUrl)
              const done = yield* api.job(job.id)
              assert.strictEqual(done.events_converged, 0)
              const audit = yield* platform.audit
              assert.deepStrictEqual(audit.faults, [])
              assert.strictEqual(audit.transactions, last)
              for (const { role, log } of platform.processes.values())
                yield* assertVersion(platform, role, log())
              for (const { role, stop, ownEnds } of platform.processes.values()) {
                assert.deepStrictEqual(ownEnds(), [], `${role} ended by itself`)
                assert.strictEqual(yield* stop, 0, role)
              }
              // A tenth of the transactions is traced, by the same choice in each process.
              const traces = wholeTraces(collector.spans())
              assert.approximately(traces.length / last, 0.1, 0.05)
              for (const trace of traces) assertChain(trace)
            }),
            () => platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 180_000 }
    )
  })
})
