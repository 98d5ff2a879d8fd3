/** What a key may be made for. None includes another. */
export const scopes = ["read", "jobs", "admin"] as const
export type Scope = (typeof scopes)[number]
