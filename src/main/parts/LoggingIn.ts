import type { Redacted } from "effect"
import type { ControlServerOptions } from "../../control/ControlServer.ts"
import type { SettingsValue } from "../Settings.ts"

/** How long logins last, and who may make itself a user. */
export const logins = (
  settings: SettingsValue,
  secret: Redacted.Redacted
): Pick<ControlServerOptions, "tokens" | "sessions" | "auth"> => ({
  tokens: { secret, former: settings.secretKeysFormer, seconds: settings.accessTokenMinutes * 60 },
  sessions: {
    idleSeconds: settings.sessionIdleMinutes * 60,
    longestSeconds: settings.sessionHours * 3600
  },
  auth: { isOpen: settings.authRegistration === "open", cookie: settings.authCookieSecure }
})
