import { createHash } from "node:crypto"
import { rpcPath } from "../rpc/RpcWire.ts"
import type { Ask, Quota } from "./Quota.ts"

/** Requests a minute; 0 for no bound. */
export interface RateLimits {
  /** Of one principal, reading. */
  readonly read: number
  /** Of one principal, changing something. */
  readonly write: number
  /** From one address, whoever it is. */
  readonly address: number
  /** Logins and registrations from one address. */
  readonly login: number
}

export const noRateLimits: RateLimits = { read: 0, write: 0, address: 0, login: 0 }

/** What kind of request it is, as far as limits go. `probe` is never refused: an orchestrator would restart us. */
export type RouteClass = "read" | "write" | "login" | "probe"

const probes = new Set(["/api/v1/health/live", "/api/v1/health/ready", "/healthz", "/readyz"])

/** Where a name or a password can be tried. Refresh tokens cannot be guessed. */
const guesses = /^\/api\/v1\/auth\/(token|register|set-password)\/*$/iu

/** As the router reads it: `%61uth` is `auth`. */
const decoded = (path: string): string => {
  if (!path.includes("%")) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Where nobody is asked who he is. */
const anonymous =
  /^\/api\/v1\/(?:auth\/(?:token|register|set-password|refresh|logout)|health|openapi\.json)(?:\/|$)/iu

/** Whether what is at this path finds out who asks, and then counts it, before it does anything. */
export const asksWho = (path: string): boolean =>
  path === rpcPath || (path.startsWith("/api/v1/") && !anonymous.test(decoded(path)))

export const classOf = (method: string, path: string): RouteClass => {
  if (probes.has(path)) return "probe"
  if (method === "POST" && guesses.test(decoded(path))) return "login"
  return method === "GET" || method === "HEAD" || method === "OPTIONS" ? "read" : "write"
}

const perMinute = (name: keyof RateLimits, limits: RateLimits): ReadonlyArray<Quota> =>
  limits[name] === 0 ? [] : [{ name, tokens: limits[name], seconds: 60 }]

/** Of an address: the whole network of 64 bits that an IPv6 subscriber has. */
export const addressKey = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/u, "")
  if (!plain.includes(":")) return plain
  const [head = "", tail = ""] = plain.replace(/%.*$/u, "").split("::")
  const groups = head === "" ? [] : head.split(":")
  const behind = tail === "" ? [] : tail.split(":")
  const whole = plain.includes("::")
    ? [
        ...groups,
        ...Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => "0"),
        ...behind
      ]
    : groups
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`
}

/** Of an account, which may not exist: of one length, and no name in the store. */
export const accountKey = (username: string): string =>
  createHash("sha256").update(username.trim().toLowerCase()).digest("base64url").slice(0, 22)

/** Before anybody knows who it is. */
export const asksOfAddress = (
  limits: RateLimits,
  routeClass: RouteClass,
  address: string
): ReadonlyArray<Ask> => {
  if (routeClass === "probe") return []
  const quotas = [
    ...(routeClass === "login" ? perMinute("login", limits) : []),
    ...perMinute("address", limits)
  ]
  return quotas.map((quota) => ({ key: addressKey(address), quota }))
}

/** Of who it is, wherever from. */
const asksOfUser = (limits: RateLimits, routeClass: RouteClass, principal: string): ReadonlyArray<Ask> =>
  perMinute(routeClass === "read" ? "read" : "write", limits).map((quota) => ({ key: principal, quota }))

/** Once it is known who it is: both are asked at once. */
export const asksOfPrincipal = (
  limits: RateLimits,
  routeClass: RouteClass,
  address: string,
  principal: string
): ReadonlyArray<Ask> => [
  ...asksOfUser(limits, routeClass, principal),
  ...asksOfAddress(limits, routeClass, address)
]
