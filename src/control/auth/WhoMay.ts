import { Effect } from "effect"
import type { Principal } from "../api/Principal.ts"
import { Forbidden, InsufficientScope } from "../api/Problems.ts"
import { includesRole } from "../api/Role.ts"
import { accessOf } from "../api/RouteRoles.ts"
import type { Actor } from "../audit/AuditEntry.ts"

/** Whose quotas a request counts against: a key has its own. */
export const quotaOwner = ({ id, login }: Principal["Service"]): string =>
  login.kind === "key" ? `key ${login.id}` : id

/** Who it was, for the record. */
export const actorOf = ({ id, username, login }: Principal["Service"]): Actor => ({
  id,
  name: username,
  credential: login.kind === "key" ? `key ${login.id}` : null
})

/** Holds whoever asks against the table of routes. */
export const mayCall = (
  { role, scopes }: Principal["Service"],
  route: string
): Effect.Effect<void, Forbidden | InsufficientScope> => {
  const { role: required, scope } = accessOf(route) ?? { role: "admin" as const, scope: null }
  if (required === "public") return Effect.void
  if (scopes !== null && (scope === null || !scopes.includes(scope))) {
    const detail = scope === null ? "no key may do this: log in" : `this needs a key with the scope ${scope}`
    return Effect.fail(new InsufficientScope({ detail, role, required: scope ?? "", scopes }))
  }
  return includesRole(role, required)
    ? Effect.void
    : Effect.fail(
        new Forbidden({ detail: `this needs the role ${required}, yours is ${role}`, role, required })
      )
}
