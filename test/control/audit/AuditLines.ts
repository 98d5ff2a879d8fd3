import { assert } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { tokenOnce } from "../ContractCases.ts"
import { ask, member } from "../TestApi.ts"

/** A line of the audit log, as the API tells it. */
export interface Line {
  readonly seq: number
  readonly actor: string | null
  readonly action: string
  readonly target: string | null
  readonly outcome: string
  readonly status: number | null
  readonly problem: string | null
  readonly repeats: number
  readonly address: string | null
  readonly request_id: string | null
  readonly before: unknown
  readonly after: unknown
}

/** What is on record, newest first. */
export const linesOf = Effect.fnUntraced(function* (query: string) {
  const answer = yield* ask(`/api/v1/audit?${query}`, { token: yield* tokenOnce("admin") })
  assert.strictEqual(answer.status, 200, answer.text)
  // As the contract test holds it against the schema.
  return member(answer.json, "items") as unknown as ReadonlyArray<Line>
})

/** Refused attempts are written a second later. */
export const eventually = (query: string, isThere: (lines: ReadonlyArray<Line>) => boolean) =>
  linesOf(query).pipe(
    Effect.repeat({ until: isThere, schedule: Schedule.spaced("100 millis") }),
    Effect.timeout("10 seconds")
  )
