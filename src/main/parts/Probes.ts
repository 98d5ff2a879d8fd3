import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { listenFailed } from "../../control/http/ListenFailed.ts"
import { type ProcessRole, ThisProcess } from "../../control/ThisProcess.ts"
import { troubleOf } from "../../control/Trouble.ts"
import { Archive } from "../../log/Archive.ts"
import { makeExposition } from "../../runtime/metrics/Exposition.ts"
import type { MetricSet } from "../../runtime/metrics/Metric.ts"
import { EventLoopDelay } from "../../runtime/metrics/ProcessMetrics.ts"
import type { SettingsValue } from "../Settings.ts"
import { levelRoutes } from "./LevelRoutes.ts"

const ports: { readonly [R in ProcessRole]: number } = {
  dev: 0,
  ingestor: 9090,
  control: 9091,
  replayer: 9092,
  worker: 9094
}

/** What a role needs, by name: null when it works, else why not. */
export type Needs = Readonly<Record<string, string | null>>

const controlDatabase = Effect.flatMap(PgClient.PgClient, (sql) => troubleOf(sql`SELECT 1 AS one`))

/** Of a role that reads the archive and the control database, and could do nothing without. */
export const storesNeeds = Effect.flatMap(Archive, (archive) =>
  Effect.all({ control_database: controlDatabase, archive: troubleOf(archive.reach) }, { concurrency: 2 })
)

/**
 * Of the role that people look at when something else is wrong: whether it can serve. Without the archive it can, and a
 * balancer that took it away then would leave them in the dark.
 */
export const servingNeeds = Effect.map(controlDatabase, (trouble) => ({ control_database: trouble }))

/** `serve` takes the router of whatever was built before it: that is the API's where there is one, and each would serve both. */
const routerOfItsOwn = Layer.effect(Layer.CurrentMemoMap, Layer.makeMemoMap)

/**
 * For orchestrators and scrapers: `/health/live` asks nobody, `/health/ready` is 503 while something that the role needs is
 * down, `/metrics` is Prometheus' text format, `/version` says which program this is,
 * `/log-levels` what it logs.
 */
export const probes = <R, M>(
  settings: SettingsValue,
  role: ProcessRole,
  needs: Effect.Effect<Needs, never, R>,
  metrics: MetricSet<M>
) => {
  const host = settings.metricsHost
  const port = Option.getOrElse(settings.metricsPort, () => ports[role])
  const live = HttpRouter.add(
    "GET",
    "/health/live",
    Effect.flatMap(ThisProcess, ({ version }) => HttpServerResponse.json({ status: "ok", role, version }))
  )
  const ready = HttpRouter.add(
    "GET",
    "/health/ready",
    Effect.gen(function* () {
      const { version } = yield* ThisProcess
      const found = yield* needs
      const isReady = Object.values(found).every((reason) => reason === null)
      return yield* HttpServerResponse.json(
        { status: isReady ? "ok" : "unavailable", role, version, needs: found },
        { status: isReady ? 200 : 503 }
      )
    })
  )
  const told = HttpRouter.use((router) =>
    Effect.flatMap(makeExposition(metrics), ({ contentType, scrape }) =>
      router.add(
        "GET",
        "/metrics",
        Effect.map(scrape, (text) => HttpServerResponse.text(text, { contentType }))
      )
    )
  )
  const build = HttpRouter.add(
    "GET",
    "/version",
    Effect.flatMap(ThisProcess, ({ version, host, pid, startedAt }) =>
      HttpServerResponse.json({ role, version, node: process.version, host, pid, started_at: startedAt })
    )
  )
  return HttpRouter.serve(Layer.mergeAll(live, ready, told, build, levelRoutes), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(
    Layer.provide(EventLoopDelay.layer),
    Layer.provide(NodeHttpServer.layer(createServer, { host, port, gracefulShutdownTimeout: "1 second" })),
    Layer.provide(routerOfItsOwn),
    Layer.catchTag("ServeError", (error) => {
      const at = { host, port, hostSetting: "METRICS_HOST", portSetting: "METRICS_PORT" }
      return Layer.effectDiscard(Effect.fail(listenFailed(at, error)))
    })
  )
}
