import type { JobHistoryJson } from "./JobHistoryJson.ts"
import type { JobJson } from "./JobJson.ts"

const speedText = (speed: JobJson["speed_factor"]): string => (speed === "max" ? "max" : `${speed}x`)

const who = ({ type, name, user }: JobHistoryJson["by"]): string => {
  if (type === "worker") return name ?? "a worker"
  const person = user ?? "somebody"
  if (type === "user") return person
  return name === null ? `a removed key of ${person}` : `the key "${name}" of ${person}`
}

const changes = ({ speed_factor: speed, name }: JobHistoryJson): string =>
  [
    ...(speed === null ? [] : [`changed the speed from ${speedText(speed.from)} to ${speedText(speed.to)}`]),
    ...(name === null ? [] : [name.to === null ? "took its name away" : `named it "${name.to}"`])
  ].join(" and ")

const deedOf = (entry: JobHistoryJson): string => {
  const { what, position, reason, code, former_worker: former } = entry
  switch (what) {
    case "changed":
      return changes(entry)
    case "taken_up":
      return "took it up"
    case "taken_over":
      return `took it over from ${former ?? "a worker"}, which was lost`
    case "skipped":
      return `skipped ${position}: ${reason}`
    case "failed":
      return `failed${position === null ? "" : ` at ${position}`}${code === null ? "" : ` (${code})`}`
    default:
      return `${what} it`
  }
}

/** In words, for people. */
export const historyText = (entry: JobHistoryJson): string => `${who(entry.by)} ${deedOf(entry)}`
