import { Effect } from "effect"
import { Command } from "effect/cli"
import type { EstimateJson } from "../../control/api/EstimateJson.ts"
import { api } from "./ApiClient.ts"
import { count, plainTime } from "./JobText.ts"
import { newJobFlags, newJobOf } from "./NewJobFlags.ts"
import { answer } from "./Root.ts"
import { formatLength } from "./TimeWords.ts"

const orUnknown = (value: number | null): string => (value === null ? "-" : count(value))

const volume = ({ changes, transactions, bytes, filtered }: EstimateJson): string => {
  const size = bytes === null ? "" : `, ${(bytes / 1_048_576).toFixed(1)} MiB`
  const bound = filtered ? "at most " : ""
  return `${bound}${orUnknown(changes)} changes in ${orUnknown(transactions)} transactions${size}`
}

const duration = (estimate: EstimateJson): string => {
  if (estimate.seconds === null) return "no end"
  const basis = estimate.rate_basis === "jobs" ? "measured over jobs before" : "assumed"
  return `${formatLength(estimate.seconds)}, at ${count(Math.round(estimate.changes_per_second))} changes a second (${basis})`
}

const words = (estimate: EstimateJson): string => {
  const { first_commit_time: first, last_commit_time: last } = estimate
  const rows: ReadonlyArray<readonly [string, string | null]> = [
    [
      "seq",
      estimate.start_seq === null ? null : `${estimate.start_seq} to ${estimate.end_seq ?? "the log's end"}`
    ],
    ["commits", first === null ? "none" : `${plainTime(first)} to ${plainTime(last)}`],
    ["volume", volume(estimate)],
    [
      "reads",
      estimate.replay_source === null ? null : `${estimate.replay_source}: ${estimate.replay_source_reason}`
    ],
    ["takes", duration(estimate)],
    ["refused", estimate.refusal === null ? null : `${estimate.refusal.message} (${estimate.refusal.code})`],
    ...estimate.warnings.map(({ message }) => ["warning", message] as const)
  ]
  return rows
    .filter((row) => row[1] !== null)
    .map(([name, value]) => `${name.padEnd(11)}${value}`)
    .join("\n")
}

export const jobsEstimate = Command.make("estimate", newJobFlags, (given) =>
  Effect.gen(function* () {
    const payload = yield* newJobOf(given)
    const { ask } = yield* api
    const estimate = yield* ask((rpc) => rpc["jobs.estimate"]({ payload }))
    yield* answer(estimate, words(estimate))
  })
).pipe(
  Command.withDescription(
    "What such a job would come to: how much, from which store, how long; creates nothing"
  )
)
