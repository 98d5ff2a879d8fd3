import { HttpApiMiddleware } from "effect/http-api"
import { OriginRefused } from "./Problems.ts"

/** For what reads or sets the refresh cookie: a page of another origin may not, however it sends the request. */
export class SameOrigin extends HttpApiMiddleware.Service<SameOrigin>()("walstream/control/api/SameOrigin", {
  error: OriginRefused
}) {}
