/** What is asked by another method than GET and yet changes nothing that stays. */
const changeNothing: ReadonlySet<string> = new Set(["jobs.estimate", "tickets.issue", "auth.refresh"])

/** Hashes passwords first, and no transaction waits for that: its handler puts change and line together. */
export const recordsItself = (action: string): boolean => action === "auth.changePassword"

/** Whether it goes on record when it is done. By the route's method, so that a new route does by itself. */
export const isChange = (action: string, method: string): boolean =>
  method !== "GET" && !changeNothing.has(action)

/** Whether it only reads, as a GET does. */
export const isReading = (action: string, method: string): boolean =>
  method === "GET" || action === "jobs.estimate"
