import { Schema } from "effect"
import { roles } from "../api/Role.ts"

/** Whose a login is, and what its user may do at present. */
export const SessionUser = Schema.Struct({
  userId: Schema.String,
  username: Schema.String,
  role: Schema.Literals(roles),
  isActive: Schema.Boolean
})
export type SessionUser = typeof SessionUser.Type

/** Of `users u`. */
export const sessionUserColumns = `u.id::text AS "userId", u.username, u.role, u.is_active AS "isActive"`
