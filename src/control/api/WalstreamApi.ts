import { HttpApi, OpenApi } from "effect/http-api"
import { ApiKeysApi } from "./ApiKeysApi.ts"
import { AuditApi } from "./AuditApi.ts"
import { Audited } from "./Audited.ts"
import { AuthApi } from "./AuthApi.ts"
import { EventsApi } from "./EventsApi.ts"
import { HealthApi } from "./HealthApi.ts"
import { JobsApi } from "./JobsApi.ts"
import { polishDocument } from "./OpenApiDocument.ts"
import { Decoding } from "./Principal.ts"
import { SystemApi } from "./SystemApi.ts"
import { TicketsApi } from "./TicketsApi.ts"
import { UsersApi } from "./UsersApi.ts"

/**
 * The HTTP contract. The server implements it, clients derive themselves from it, the OpenAPI document is made of
 * it. Everything in this folder can be loaded by a browser.
 */
export class WalstreamApi extends HttpApi.make("walstream")
  .add(AuthApi)
  .add(UsersApi)
  .add(ApiKeysApi)
  .add(JobsApi)
  .add(EventsApi)
  .add(TicketsApi)
  .add(HealthApi)
  .add(SystemApi)
  .add(AuditApi)
  .prefix("/api/v1")
  .middleware(Decoding)
  .middleware(Audited)
  // All faults at once; unknown fields and parameters are refused. Headers are everybody's.
  .annotate(HttpApi.ParseOptions, { errors: "all", onExcessProperty: "error" })
  .annotate(HttpApi.HeadersParseOptions, {})
  .annotate(HttpApi.SuccessParseOptions, {})
  .annotate(HttpApi.ErrorParseOptions, {})
  .annotateMerge(
    OpenApi.annotations({
      title: "WalStream",
      version: "1",
      description: "Capture of a PostgreSQL database and replay of any stretch of its history.",
      transform: polishDocument
    })
  ) {}
