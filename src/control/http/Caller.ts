import { Context } from "effect"
import type { Left } from "../limits/Quota.ts"
import type { RouteClass } from "../limits/RateLimits.ts"

/** Where a request comes from, and what follows it through the logs. */
export interface Caller {
  /** The client's, behind trusted proxies; empty where there is none. */
  readonly address: string
  /** What its program calls itself; at most 200 characters. */
  readonly userAgent: string
  readonly requestId: string
  /** Of W3C Trace Context: 32 hex digits. */
  readonly traceId: string
  readonly routeClass: RouteClass
  /** What is left of the quotas that it was counted against; filled in on the way. */
  quotas: ReadonlyArray<Left>
}

/** Of the request that is being answered; of nobody elsewhere. */
export const caller = Context.Reference<Caller>("walstream/control/http/caller", {
  defaultValue: () => ({
    address: "",
    userAgent: "",
    requestId: "",
    traceId: "",
    routeClass: "read",
    quotas: []
  })
})
