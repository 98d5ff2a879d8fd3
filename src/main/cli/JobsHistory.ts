import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { historyText } from "../../control/api/JobHistoryText.ts"
import { api } from "./ApiClient.ts"
import { findJob } from "./JobNames.ts"
import { plainTime } from "./JobText.ts"
import { answer } from "./Root.ts"
import { textTable } from "./TextTable.ts"

export const jobsHistory = Command.make(
  "history",
  {
    job: Argument.String("job").pipe(
      Argument.withDescription("a job's id, the beginning of it, or `latest`")
    ),
    limit: Flag.Int("limit").pipe(Flag.withDescription("at most so many, up to 200"), Flag.withDefault(50))
  },
  ({ job, limit }) =>
    Effect.gen(function* () {
      const connected = yield* api
      const id = yield* findJob(connected, job)
      const { items, next_cursor: next } = yield* connected.ask((rpc) =>
        rpc["jobs.history"]({ params: { id }, query: { limit } })
      )
      const table = textTable([
        ["TIME", "WHAT"],
        ...items.map((entry) => [plainTime(entry.at), historyText(entry)])
      ])
      const more = next === null ? "" : "\n… and older"
      yield* answer(items, items.length === 0 ? "nothing of it is on record" : `${table}${more}`)
    })
).pipe(Command.withDescription("What was done to a job and by whom, and what became of it, newest first"))
