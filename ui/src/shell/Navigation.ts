import type { Role } from "../../../src/control/api/Role.ts"
import type { IconName } from "../kit/Icon.tsx"

export interface Place {
  readonly href: string
  readonly title: string
  readonly icon: IconName
  /** `g` and then this key. */
  readonly key: string
  readonly role: Role
}

export const mainPlaces: ReadonlyArray<Place> = [
  { href: "/", title: "Overview", icon: "overview", key: "o", role: "viewer" },
  { href: "/jobs", title: "Replays", icon: "replays", key: "j", role: "viewer" },
  { href: "/events", title: "Live events", icon: "events", key: "e", role: "viewer" },
  { href: "/metrics", title: "Metrics", icon: "metrics", key: "m", role: "viewer" },
  { href: "/system", title: "System", icon: "system", key: "s", role: "viewer" }
]

/** For admins. */
export const adminPlaces: ReadonlyArray<Place> = [
  { href: "/users", title: "Users", icon: "users", key: "u", role: "admin" },
  { href: "/api-keys", title: "API keys", icon: "keys", key: "k", role: "admin" },
  { href: "/audit", title: "Audit log", icon: "audit", key: "a", role: "admin" }
]

export const allPlaces: ReadonlyArray<Place> = [...mainPlaces, ...adminPlaces]
