import { Effect } from "effect"
import type { Api } from "./ApiClient.ts"
import { misused } from "./CliFailure.ts"

/** Whole ids go to the API as they are. */
const whole = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/u

/** What a person may write for a job: its id, the beginning of it, or `latest`. */
export const findJob = Effect.fnUntraced(function* ({ ask }: Api, text: string) {
  if (whole.test(text)) return text
  const { items } = yield* ask((rpc) => rpc["jobs.list"]({ query: { limit: 200 } }))
  const found = text === "latest" ? items.slice(0, 1) : items.filter((job) => job.id.startsWith(text))
  const [job] = found
  if (job === undefined) return yield* misused(`there is no job ${text}`)
  if (found.length > 1) return yield* misused(`${found.length} jobs begin with ${text}: give more of the id`)
  return job.id
})
