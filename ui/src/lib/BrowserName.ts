const browsers = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
  ["curl/", "curl"]
] as const

const systems = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Windows", "Windows"],
  ["Mac OS", "macOS"],
  ["Linux", "Linux"]
] as const

const found = (text: string, names: ReadonlyArray<readonly [string, string]>): string | undefined =>
  names.find(([mark]) => text.includes(mark))?.[1]

/** `Firefox on Linux`: as people tell their devices apart; the whole of it belongs into the title. */
export const browserName = (userAgent: string): string => {
  const browser = found(userAgent, browsers)
  const system = found(userAgent, systems)
  if (browser === undefined) return userAgent.split(" ")[0]?.slice(0, 40) || "Unknown program"
  return system === undefined ? browser : `${browser} on ${system}`
}
