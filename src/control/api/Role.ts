/** What a user may do; each includes the one before. */
export const roles = ["viewer", "operator", "admin"] as const
export type Role = (typeof roles)[number]

export const includesRole = (role: Role, required: Role): boolean =>
  roles.indexOf(role) >= roles.indexOf(required)
