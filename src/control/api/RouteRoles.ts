import type { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import type { Role } from "./Role.ts"
import type { Scope } from "./Scope.ts"
import type { WalstreamApi } from "./WalstreamApi.ts"

type Groups = (typeof WalstreamApi)["groups"]

/** Every route's name: `group.endpoint`. */
export type RouteName = {
  [G in keyof Groups &
    string]: `${G}.${HttpApiEndpoint.Identifier<HttpApiGroup.Endpoints<Groups[G]>> & string}`
}[keyof Groups & string]

export interface RouteAccess {
  /** The least role, or anybody. */
  readonly role: Role | "public"
  /** What a key must have been made for; null for what no key may. */
  readonly scope: Scope | null
}

const anybody: RouteAccess = { role: "public", scope: null }
const reads: RouteAccess = { role: "viewer", scope: "read" }
const runsJobs: RouteAccess = { role: "operator", scope: "jobs" }
const administers: RouteAccess = { role: "admin", scope: "admin" }
/** Who is logged in, and where: a key that somebody has lost must not change it. */
const ownLogin: RouteAccess = { role: "viewer", scope: null }
/** Nor must it make another, or let anybody in. */
const ownKeys: RouteAccess = { role: "admin", scope: null }

/** Who may call what. The server, the tests and the documentation read this table. */
export const routeRoles: { readonly [R in RouteName]: RouteAccess } = {
  "auth.register": anybody,
  "auth.token": anybody,
  "auth.setPassword": anybody,
  "auth.refresh": anybody,
  "auth.logout": anybody,
  "auth.me": reads,
  "auth.sessions": ownLogin,
  "auth.endSession": ownLogin,
  "auth.endOtherSessions": ownLogin,
  "auth.changePassword": ownLogin,
  "auth.secondFactor": ownLogin,
  "auth.beginSecondFactor": ownLogin,
  "auth.confirmSecondFactor": ownLogin,
  "auth.removeSecondFactor": ownLogin,
  "users.list": administers,
  "users.create": ownKeys,
  "users.resetPassword": ownKeys,
  "users.removeSecondFactor": ownKeys,
  "users.update": administers,
  "users.endSessions": administers,
  "keys.list": ownKeys,
  "keys.create": ownKeys,
  "keys.rotate": ownKeys,
  "keys.remove": ownKeys,
  "jobs.create": runsJobs,
  "jobs.list": reads,
  "jobs.estimate": reads,
  "jobs.get": reads,
  "jobs.update": runsJobs,
  "jobs.remove": runsJobs,
  "jobs.start": runsJobs,
  "jobs.pause": runsJobs,
  "jobs.resume": runsJobs,
  "jobs.cancel": runsJobs,
  "jobs.failures": reads,
  "jobs.history": reads,
  "jobs.skip": runsJobs,
  "events.recent": reads,
  "events.volume": reads,
  "events.transaction": reads,
  "events.event": reads,
  "events.ws": reads,
  "events.stream": reads,
  "events.stats": reads,
  "tickets.issue": reads,
  "health.live": anybody,
  "health.ready": anybody,
  "system.source": reads,
  "system.acceptGap": administers,
  "system.coverage": reads,
  "system.doctor": reads,
  "system.metrics": reads,
  "system.metricsHistory": reads,
  "system.actors": reads,
  "system.targets": reads,
  "audit.list": administers,
  "audit.verify": administers,
  "audit.exportNdjson": administers,
  "audit.exportCsv": administers
}

const byRoute: ReadonlyMap<string, RouteAccess> = new Map(Object.entries(routeRoles))

/** Undefined for a route that is not in the table: refused. */
export const accessOf = (route: string): RouteAccess | undefined => byRoute.get(route)
