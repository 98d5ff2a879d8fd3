import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { ThisProcess } from "../../../src/control/ThisProcess.ts"
import { LevelTable, LogLevels } from "../../../src/main/LogLevels.ts"
import { probes } from "../../../src/main/parts/Probes.ts"
import { readSettings } from "../../../src/main/Settings.ts"
import { freePort } from "../../../src/postgres/EmbeddedPostgres.ts"
import { counter, metricSet } from "../../../src/runtime/metrics/Metric.ts"

const metrics = { seen: counter("seen_total", "Things seen") }

it.live("the port for probes has nothing of the API's, nor the API anything of it", () =>
  Effect.gen(function* () {
    const port = yield* freePort
    const apiPort = yield* freePort
    const settings = Result.getOrThrow(readSettings({ METRICS_PORT: String(port) }))
    const api = HttpRouter.serve(HttpRouter.add("GET", "/api/v1/jobs", HttpServerResponse.text("jobs")), {
      disableLogger: true,
      disableListenLog: true
    }).pipe(Layer.provide(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: apiPort })))
    const beside = probes(
      settings,
      "control",
      Effect.succeed({ archive: "is away" }),
      metricSet(metrics, Effect.succeed([metrics.seen.is(3)]))
    )
    const services = Layer.mergeAll(
      ThisProcess.layer("control", "1.2.3"),
      Layer.succeed(LogLevels, new LevelTable("Info"))
    )
    yield* Layer.build(Layer.provide(Layer.provideMerge(beside, api), services))
    const ask = (at: number, path: string) =>
      Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${at}${path}`)
        return { status: response.status, text: await response.text() }
      })
    for (const path of ["/metrics", "/version", "/log-levels", "/health/live", "/health/ready"])
      assert.strictEqual((yield* ask(apiPort, path)).status, 404, path)
    assert.strictEqual((yield* ask(port, "/api/v1/jobs")).status, 404)
    assert.strictEqual((yield* ask(apiPort, "/api/v1/jobs")).text, "jobs")
    assert.include((yield* ask(port, "/metrics")).text, "\nseen_total 3\n")
    assert.include((yield* ask(port, "/version")).text, '"version":"1.2.3"')
    const ready = yield* ask(port, "/health/ready")
    assert.strictEqual(ready.status, 503)
    assert.include(ready.text, "is away")
  }).pipe(Effect.scoped)
)
