import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { ByteSize, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { WalstreamApi } from "./api/WalstreamApi.ts"
import { type TokenOptions, Tokens } from "./auth/Tokens.ts"
import { CoverageNotes } from "./CoverageNotes.ts"
import type { DatabasesToExamine } from "./doctor/ExamineDatabases.ts"
import { HistoryHoles } from "./HistoryHoles.ts"
import { answers } from "./http/Answers.ts"
import { layerAuthHandlers } from "./http/AuthHandlers.ts"
import { layerAuthorized, layerDecoding } from "./http/Authorization.ts"
import { docsRoutes, layerDocs } from "./http/Docs.ts"
import { layerEventsHandlers } from "./http/EventsHandlers.ts"
import { layerHealthHandlers } from "./http/HealthHandlers.ts"
import { layerJobsHandlers } from "./http/JobsHandlers.ts"
import { listenFailed } from "./http/ListenFailed.ts"
import { methodsNotAllowed } from "./http/MethodsNotAllowed.ts"
import { startingServer } from "./http/StartingServer.ts"
import { layerStatusPage, statusPageRoutes } from "./http/StatusPage.ts"
import { layerSystemHandlers } from "./http/SystemHandlers.ts"
import { JobRuns } from "./JobRuns.ts"
import { JobViews } from "./JobViews.ts"
import { Processes } from "./Processes.ts"
import { SourceGaps } from "./SourceGaps.ts"
import { SystemDoctor } from "./SystemDoctor.ts"

export interface ControlServerOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tokens: TokenOptions
  /** What `system/doctor` looks at beside the instance itself. */
  readonly databases?: DatabasesToExamine
}

const openapiPath = "/api/v1/openapi.json"

const apiRoutes = Object.values(WalstreamApi.groups).flatMap((group) =>
  Object.values(group.endpoints).map(({ method, path }) => ({ method, path }))
)

/** Every route, without a server. */
const routes = ({ tokens, databases }: Pick<ControlServerOptions, "tokens" | "databases">) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(WalstreamApi, { openapiPath }).pipe(
      Layer.provide([
        layerAuthHandlers,
        layerJobsHandlers,
        layerEventsHandlers,
        layerHealthHandlers,
        layerSystemHandlers
      ]),
      Layer.provide([layerAuthorized, layerDecoding]),
      Layer.provide(Tokens.layer(tokens)),
      Layer.provide(SystemDoctor.layer(databases ?? null)),
      Layer.provide(JobViews.layer),
      Layer.provide([HistoryHoles.layer, JobRuns.layer, Processes.layer, SourceGaps.layer]),
      Layer.provide(CoverageNotes.layer)
    ),
    layerDocs,
    layerStatusPage,
    methodsNotAllowed([
      ...apiRoutes,
      ...docsRoutes,
      ...statusPageRoutes,
      { method: "GET", path: openapiPath }
    ]),
    answers
  )

/** The control plane's HTTP server: API, its documentation, and the status page. */
export const layerControlServer = (options: ControlServerOptions) =>
  HttpRouter.serve(routes(options), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(startingServer, {
        host: options.host,
        port: options.port,
        gracefulShutdownTimeout: "2 seconds"
      }).pipe(
        Layer.catchTag("ServeError", (error) =>
          Layer.effectContext(
            Effect.fail(
              listenFailed({ ...options, hostSetting: "HTTP_HOST", portSetting: "HTTP_PORT" }, error)
            )
          )
        )
      )
    ),
    Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.mebibytes(1)))
  )
