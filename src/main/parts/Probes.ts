import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { listenFailed } from "../../control/http/ListenFailed.ts"
import type { ProcessRole } from "../../control/ThisProcess.ts"
import { troubleOf } from "../../control/Trouble.ts"
import { Archive } from "../../log/Archive.ts"
import type { SettingsValue } from "../Settings.ts"

const ports: { readonly [R in ProcessRole]: number } = {
  dev: 0,
  ingestor: 9090,
  control: 9091,
  replayer: 9092,
  worker: 9094
}

/** What a role needs, by name: null when it works, else why not. */
export type Needs = Readonly<Record<string, string | null>>

/** Of the roles that read the archive and the control database, and could do nothing without. */
export const storesNeeds = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const archive = yield* Archive
  return yield* Effect.all(
    { control_database: troubleOf(sql`SELECT 1 AS one`), archive: troubleOf(archive.coverage) },
    { concurrency: 2 }
  )
})

/** For orchestrators: `/health/live` asks nobody, `/health/ready` is 503 while something that the role needs is down. */
export const probes = <R>(
  settings: SettingsValue,
  role: ProcessRole,
  needs: Effect.Effect<Needs, never, R>
) => {
  const host = settings.metricsHost
  const port = Option.getOrElse(settings.metricsPort, () => ports[role])
  const live = HttpRouter.add("GET", "/health/live", HttpServerResponse.json({ status: "ok", role }))
  const ready = HttpRouter.add(
    "GET",
    "/health/ready",
    Effect.flatMap(needs, (found) => {
      const isReady = Object.values(found).every((reason) => reason === null)
      return HttpServerResponse.json(
        { status: isReady ? "ok" : "unavailable", role, needs: found },
        { status: isReady ? 200 : 503 }
      )
    })
  )
  return HttpRouter.serve(Layer.mergeAll(live, ready), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(NodeHttpServer.layer(createServer, { host, port, gracefulShutdownTimeout: "1 second" })),
    Layer.catchTag("ServeError", (error) => {
      const at = { host, port, hostSetting: "METRICS_HOST", portSetting: "METRICS_PORT" }
      return Layer.effectDiscard(Effect.fail(listenFailed(at, error)))
    })
  )
}
