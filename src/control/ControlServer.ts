import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { ByteSize, Effect, Layer } from "effect"
import { HttpIncomingMessage, HttpRouter } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { AuditOperations } from "./AuditOperations.ts"
import { WalstreamApi } from "./api/WalstreamApi.ts"
import { AuditLog } from "./audit/AuditLog.ts"
import { AuditTrail } from "./audit/AuditTrail.ts"
import { RefusedAttempts } from "./audit/RefusedAttempts.ts"
import { layerLogins } from "./auth/Logins.ts"
import type { SessionLimits } from "./auth/Sessions.ts"
import type { TokenOptions } from "./auth/Tokens.ts"
import { CoverageNotes } from "./CoverageNotes.ts"
import { Draining } from "./Draining.ts"
import type { DatabasesToExamine } from "./doctor/ExamineDatabases.ts"
import { HistoryHoles } from "./HistoryHoles.ts"
import { Admission } from "./http/Admission.ts"
import { type AnswersOptions, answers } from "./http/Answers.ts"
import { layerApiKeysHandlers } from "./http/ApiKeysHandlers.ts"
import { layerAuditHandlers } from "./http/AuditHandlers.ts"
import { layerAudited } from "./http/Auditing.ts"
import { type AuthOptions, layerAuthHandlers } from "./http/AuthHandlers.ts"
import { layerAuthorized, layerDecoding } from "./http/Authorization.ts"
import { dashboardRoutes, layerDashboard } from "./http/Dashboard.ts"
import { docsRoutes, layerDocs } from "./http/Docs.ts"
import { layerTagged } from "./http/EntityTags.ts"
import { layerEventsHandlers } from "./http/EventsHandlers.ts"
import { healthAliasRoutes, layerHealthAliases, layerHealthHandlers } from "./http/HealthHandlers.ts"
import { layerIdempotent } from "./http/IdempotencyKeys.ts"
import { layerJobsHandlers } from "./http/JobsHandlers.ts"
import { listenFailed } from "./http/ListenFailed.ts"
import { methodsNotAllowed } from "./http/MethodsNotAllowed.ts"
import { layerSameOrigin } from "./http/Origins.ts"
import { startingServer } from "./http/StartingServer.ts"
import { layerSystemHandlers } from "./http/SystemHandlers.ts"
import { layerTicketsHandlers } from "./http/TicketsHandlers.ts"
import { layerUsersHandlers } from "./http/UsersHandlers.ts"
import { JobEstimates } from "./JobEstimates.ts"
import { JobFailures } from "./JobFailures.ts"
import { JobHistory } from "./JobHistory.ts"
import { JobOperations } from "./JobOperations.ts"
import { JobRuns } from "./JobRuns.ts"
import { JobViews } from "./JobViews.ts"
import { noRateLimits, type RateLimits } from "./limits/RateLimits.ts"
import { JobFeed } from "./live/JobFeed.ts"
import { LiveChannels } from "./live/LiveChannels.ts"
import { LiveFeed } from "./live/LiveFeed.ts"
import { type LiveOptions, LiveStreams } from "./live/LiveStreams.ts"
import { LiveWebSocket, perMessageDeflate } from "./live/LiveWebSocket.ts"
import { LoginWatch } from "./live/LoginWatch.ts"
import { MetricsFeed } from "./live/MetricsFeed.ts"
import { Processes } from "./Processes.ts"
import { ProcessList } from "./ProcessList.ts"
import { Readiness } from "./Readiness.ts"
import { ReadOnlySql } from "./ReadOnlySql.ts"
import { RecentEvents } from "./RecentEvents.ts"
import { layerRpcRoute } from "./rpc/RpcRoute.ts"
import { rpcPath } from "./rpc/RpcWire.ts"
import { SourceGaps } from "./SourceGaps.ts"
import { SystemDoctor } from "./SystemDoctor.ts"
import { SystemMetrics } from "./SystemMetrics.ts"
import { SystemOperations } from "./SystemOperations.ts"
import { UserOperations } from "./UserOperations.ts"

export interface ControlServerOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tokens: TokenOptions
  /** 30 minutes without use and 12 hours in all if not given. */
  readonly sessions?: SessionLimits
  /** Closed, and by how it is asked, if not given. */
  readonly auth?: AuthOptions
  /** What `system/doctor` looks at beside the instance itself. */
  readonly databases?: DatabasesToExamine
  /** As the workers have it: a window that starts longer ago is not read from the live buffer. An hour if not given. */
  readonly bufferMaxAgeSeconds?: number
  /** None if not given. */
  readonly rateLimits?: RateLimits
  readonly corsOrigins?: AnswersOptions["corsOrigins"]
  /** Seconds from not being ready to taking no more requests, when it is stopped. 0 if not given. */
  readonly drainSeconds?: number
  readonly trustedProxies?: AnswersOptions["trustedProxies"]
  readonly live?: Omit<LiveOptions, "origins">
}

const openapiPath = "/api/v1/openapi.json"

const apiRoutes = Object.values(WalstreamApi.groups).flatMap((group) =>
  Object.values(group.endpoints).map(({ method, path }) => ({ method, path }))
)

/** What answers at them. */
const handlers = (auth: AuthOptions) =>
  Layer.mergeAll(
    layerAuthHandlers(auth),
    layerUsersHandlers,
    layerApiKeysHandlers,
    layerJobsHandlers,
    layerEventsHandlers,
    layerTicketsHandlers,
    layerHealthHandlers,
    layerSystemHandlers,
    layerAuditHandlers
  )

/** The contract's routes, and the calls beside them. */
const doors = ({
  auth = { isOpen: false, cookie: "auto" },
  rateLimits = noRateLimits,
  corsOrigins = []
}: ControlServerOptions) =>
  Layer.merge(
    HttpApiBuilder.layer(WalstreamApi, { openapiPath }).pipe(
      Layer.provide(handlers(auth)),
      Layer.provide([layerAuthorized, layerDecoding, layerAudited, layerIdempotent, layerTagged]),
      Layer.provide(layerSameOrigin(corsOrigins))
    ),
    layerRpcRoute(rateLimits)
  )

/** Every route, without a server. */
const routes = (options: ControlServerOptions) => {
  const {
    tokens,
    sessions = { idleSeconds: 1800, longestSeconds: 43_200 },
    databases,
    rateLimits = noRateLimits,
    corsOrigins = [],
    trustedProxies = [],
    bufferMaxAgeSeconds = 3600,
    live = {}
  } = options
  return Layer.mergeAll(
    doors(options).pipe(
      Layer.provide([AuditTrail.layer, AuditOperations.layer, UserOperations.layer]),
      Layer.provide([ReadOnlySql.layer, RefusedAttempts.layer]),
      Layer.provide([JobOperations.layer, SystemOperations.layer, AuditLog.layer]),
      Layer.provide(LiveStreams.layer({ ...live, origins: corsOrigins })),
      Layer.provide(LiveChannels.layer),
      Layer.provide([LiveFeed.layer, JobFeed.layer, MetricsFeed.layer, LoginWatch.layer]),
      Layer.provide(layerLogins(tokens, sessions)),
      Layer.provide(SystemMetrics.layer),
      Layer.provide(ProcessList.layer),
      Layer.provide(SystemDoctor.layer(databases ?? null)),
      Layer.provide([JobViews.layer, RecentEvents.layer, JobEstimates.layer(bufferMaxAgeSeconds)]),
      Layer.provide([
        HistoryHoles.layer,
        JobFailures.layer,
        JobHistory.layer,
        JobRuns.layer,
        Processes.layer,
        SourceGaps.layer
      ]),
      Layer.provide(CoverageNotes.layer)
    ),
    layerHealthAliases,
    layerDocs,
    layerDashboard,
    methodsNotAllowed([
      ...apiRoutes,
      ...docsRoutes,
      ...healthAliasRoutes,
      ...dashboardRoutes,
      { method: "GET", path: openapiPath },
      { method: "POST", path: rpcPath }
    ]),
    answers({ corsOrigins, trustedProxies })
  ).pipe(Layer.provide(Admission.layer(rateLimits)), Layer.provide(Readiness.layer))
}

const server = (options: ControlServerOptions) =>
  HttpRouter.serve(routes(options), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(() => startingServer(), {
        host: options.host,
        port: options.port,
        gracefulShutdownTimeout: "2 seconds",
        // A client asks for little.
        websocket: { maxPayload: 64 * 1024, WebSocket: LiveWebSocket, perMessageDeflate }
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

/** The control plane's HTTP server: API, its documentation, and the dashboard. */
export const layerControlServer = (options: ControlServerOptions) =>
  Draining.layerEnd(options.drainSeconds ?? 0).pipe(
    Layer.provideMerge(server(options)),
    Layer.provide(Draining.layer)
  )
