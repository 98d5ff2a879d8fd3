import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { listenFailed } from "../../control/http/ListenFailed.ts"
import type { ProcessRole } from "../../control/ThisProcess.ts"
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

/** Whether something answers within a second. */
export const answers = <A, E, R>(check: Effect.Effect<A, E, R>): Effect.Effect<string | null, never, R> =>
  check.pipe(
    Effect.as(null),
    Effect.timeoutOrElse({
      duration: "1 second",
      orElse: () => Effect.succeed("does not answer within a second")
    }),
    Effect.orElseSucceed(() => "does not answer")
  )

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
