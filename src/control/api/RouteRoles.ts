import type { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import type { Role } from "./Role.ts"
import type { WalstreamApi } from "./WalstreamApi.ts"

type Groups = (typeof WalstreamApi)["groups"]

/** Every route's name: `group.endpoint`. */
export type RouteName = {
  [G in keyof Groups &
    string]: `${G}.${HttpApiEndpoint.Identifier<HttpApiGroup.Endpoints<Groups[G]>> & string}`
}[keyof Groups & string]

/** Who may call what: the least role, or anybody. The server, the tests and the documentation read this table. */
export const routeRoles: { readonly [R in RouteName]: Role | "public" } = {
  "auth.token": "public",
  "auth.me": "viewer",
  "jobs.create": "operator",
  "jobs.list": "viewer",
  "jobs.get": "viewer",
  "jobs.update": "operator",
  "jobs.remove": "operator",
  "jobs.start": "operator",
  "jobs.pause": "operator",
  "jobs.resume": "operator",
  "jobs.cancel": "operator",
  "events.recent": "viewer",
  "events.stats": "viewer",
  "health.live": "public",
  "health.ready": "public",
  "system.source": "viewer",
  "system.acceptGap": "admin",
  "system.coverage": "viewer",
  "system.doctor": "viewer",
  "system.actors": "viewer",
  "system.targets": "viewer"
}

/** Undefined for a route that is not in the table: refused. */
export const roleOf = (route: string): Role | "public" | undefined =>
  Object.entries(routeRoles).find(([name]) => name === route)?.[1]
