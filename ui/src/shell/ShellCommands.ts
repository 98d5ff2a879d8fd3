import type { Accessor } from "solid-js"
import type { Role } from "../../../src/control/api/Role.ts"
import type { Command } from "../state/Commands.ts"
import { allPlaces } from "./Navigation.ts"

interface Ways {
  readonly go: (href: string) => void
  readonly may: (role: Role) => boolean
  readonly openPalette: () => void
  readonly openShortcuts: () => void
  readonly logOut: () => void
}

/** What can be done from everywhere. */
export const shellCommands =
  ({ go, may, openPalette, openShortcuts, logOut }: Ways): Accessor<ReadonlyArray<Command>> =>
  () => [
    ...allPlaces
      .filter(({ role }) => may(role))
      .map(({ href, title, key }) => ({
        id: `go ${href}`,
        title,
        group: "Go to",
        keys: `g ${key}`,
        run: () => go(href)
      })),
    ...(may("operator")
      ? [{ id: "new replay", title: "New replay", group: "Do", keys: "c", run: () => go("/jobs/new") }]
      : []),
    {
      id: "settings",
      title: "Settings: theme, time zone",
      group: "Go to",
      keys: "g ,",
      run: () => go("/settings")
    },
    { id: "palette", title: "Search or jump", group: "Help", keys: "mod+k", run: openPalette, listed: false },
    { id: "shortcuts", title: "Keyboard shortcuts", group: "Help", keys: "?", run: openShortcuts },
    {
      id: "api",
      title: "API documentation",
      group: "Help",
      run: () => window.open("/api/v1/docs", "_blank")
    },
    { id: "log out", title: "Log out", group: "Do", run: logOut }
  ]
