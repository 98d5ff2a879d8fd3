/** What is asked by another method than GET and yet changes nothing that stays. */
const changeNothing: ReadonlySet<string> = new Set(["jobs.estimate", "tickets.issue", "auth.refresh"])

/** What hashes passwords first, and no transaction waits for that, or counts failures: handlers put change and line together. */
const recordThemselves: ReadonlySet<string> = new Set([
  "auth.changePassword",
  "auth.beginSecondFactor",
  "auth.confirmSecondFactor",
  "auth.removeSecondFactor"
])

export const recordsItself = (action: string): boolean => recordThemselves.has(action)

/** Whether it goes on record when it is done. By the route's method, so that a new route does by itself. */
export const isChange = (action: string, method: string): boolean =>
  method !== "GET" && !changeNothing.has(action)

/** Whether it only reads, as a GET does. */
export const isReading = (action: string, method: string): boolean =>
  method === "GET" || action === "jobs.estimate"
