/** How the one WebSocket stands. Times are milliseconds since 1970. */
export type Connection =
  /** Nobody wants it. */
  | { readonly state: "closed" }
  | { readonly state: "connecting"; readonly attempt: number; readonly lostAt: number | null }
  | { readonly state: "open"; readonly since: number }
  /** It looks open, and nothing came for longer than a heartbeat. */
  | { readonly state: "stale"; readonly lostAt: number }
  /** The next try is at `at`. */
  | { readonly state: "backoff"; readonly attempt: number; readonly at: number; readonly lostAt: number }
  /** Trying again is of no use: the login has ended, or may not. */
  | { readonly state: "denied"; readonly reason: "expired" | "forbidden" }

export type ConnectionEvent =
  | { readonly event: "wanted" }
  | { readonly event: "opened" }
  | { readonly event: "silent" }
  | { readonly event: "retry" }
  | { readonly event: "left" }
  /** It ended, or never began; `code` as of the socket's close, null where there was none. */
  | { readonly event: "lost"; readonly code: number | null }
  | { readonly event: "refused"; readonly reason: "expired" | "forbidden" }

export interface Moment {
  readonly now: number
  /** From 0 up to 1: no two pages come back at once. */
  readonly random: number
}

/** Close codes of the server that mean more than "lost": docs/live.md. */
const restart = 1012
const expired = 4401
const forbidden = 4403

/** Half of it is left to chance. */
const delay = (attempt: number, random: number): number =>
  Math.min(15_000, 500 * 2 ** attempt) * (0.5 + random / 2)

const attemptOf = (connection: Connection): number =>
  connection.state === "connecting" || connection.state === "backoff" ? connection.attempt : 0

/** Since when nothing new is shown. */
const lostAtOf = (connection: Connection, now: number): number =>
  "lostAt" in connection && connection.lostAt !== null ? connection.lostAt : now

const lost = (connection: Connection, code: number | null, { now, random }: Moment): Connection => {
  if (code === expired) return { state: "denied", reason: "expired" }
  if (code === forbidden) return { state: "denied", reason: "forbidden" }
  const attempt = attemptOf(connection)
  const wait = code === restart && attempt === 0 ? 500 + random * 4_500 : delay(attempt, random)
  return { state: "backoff", attempt: attempt + 1, at: now + wait, lostAt: lostAtOf(connection, now) }
}

/** The whole machine: what is not here changes nothing. */
export const step = (connection: Connection, happened: ConnectionEvent, moment: Moment): Connection => {
  switch (happened.event) {
    case "left":
      return { state: "closed" }
    case "refused":
      return { state: "denied", reason: happened.reason }
    case "wanted":
      return connection.state === "closed" || connection.state === "denied"
        ? { state: "connecting", attempt: 0, lostAt: null }
        : connection
    case "retry":
      return connection.state === "backoff" || connection.state === "stale"
        ? { state: "connecting", attempt: attemptOf(connection), lostAt: connection.lostAt }
        : connection
    case "opened":
      return connection.state === "connecting" ? { state: "open", since: moment.now } : connection
    case "silent":
      return connection.state === "open" ? { state: "stale", lostAt: moment.now } : connection
    case "lost":
      return connection.state === "closed" || connection.state === "denied" || connection.state === "backoff"
        ? connection
        : lost(connection, happened.code, moment)
  }
}
