import type { QueryClient } from "@tanstack/query-core"
import { type Accessor, createContext, useContext } from "solid-js"
import type { Api } from "../api/Api.ts"
import type { Queries } from "../api/Queries.ts"
import type { Live } from "../live/Live.ts"
import type { Session } from "../session/Session.ts"
import type { Commands } from "./Commands.ts"
import type { JobUpdates } from "./JobUpdates.ts"
import type { LiveMetrics } from "./LiveMetrics.ts"
import type { MetricsHistory } from "./MetricsHistory.ts"
import type { Preferences } from "./Preferences.ts"
import type { Toasts } from "./Toasts.ts"

/** What every part of the page may use. Tests give their own. */
export interface App {
  readonly api: Api
  readonly queries: Queries
  readonly cache: QueryClient
  readonly session: Session
  readonly live: Live
  readonly metrics: LiveMetrics
  readonly history: MetricsHistory
  readonly jobUpdates: JobUpdates
  readonly preferences: Preferences
  readonly toasts: Toasts
  readonly commands: Commands
  /** The server's time; ticks each second. */
  readonly now: Accessor<Date>
}

export const AppContext = createContext<App>()

export const useApp = (): App => {
  const app = useContext(AppContext)
  if (app === undefined) throw new Error("useApp outside of AppContext.Provider")
  return app
}
