// The page's words: figures, times and states as people read them.

export const count = (value) => value.toLocaleString("en-US")

export const size = (bytes) => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}

/** In the reader's own time zone. */
export const clock = (time) =>
  time === null ? "–" : new Date(time).toLocaleTimeString([], { hour12: false })

export const moment = (time) =>
  time === null
    ? "–"
    : new Date(time).toLocaleString([], { dateStyle: "short", timeStyle: "medium", hour12: false })

export const tone = (state) => {
  if (["capturing", "completed", "running"].includes(state)) return "good"
  if (["failed", "stopped"].includes(state)) return "bad"
  return ["blocked", "retrying", "paused"].includes(state) ? "wait" : ""
}

/** What the server says of the WAL that it keeps for us. */
export const walTone = ({ wal_status: status, seconds_until_lost: left, slot_advancing: advances }) => {
  if (status === "lost" || status === "unreserved") return "bad"
  if (left === null || left >= 3600) return ""
  if (left < 600) return advances ? "wait" : "bad"
  return advances ? "" : "wait"
}

/** How long the slot lasts where the server bounds what it keeps. */
export const slotTime = ({ seconds_until_lost: left, slot_advancing: advances }) => {
  if (left === null) return ""
  const time =
    left < 120
      ? `${Math.floor(left)} s`
      : left < 7200
        ? `${Math.floor(left / 60)} min`
        : `${Math.floor(left / 3600)} h`
  return advances ? `, lasts ${time} without capture` : `, lost in ${time}`
}

export const spent = (seconds) =>
  seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
