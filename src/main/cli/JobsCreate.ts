import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { api } from "./ApiClient.ts"
import { watchJob } from "./JobsWatch.ts"
import { jobDetails } from "./JobText.ts"
import { newJobFlags, newJobOf } from "./NewJobFlags.ts"
import { answer } from "./Root.ts"

const flags = {
  ...newJobFlags,
  start: Flag.Boolean("start").pipe(Flag.withDescription("start it at once"), Flag.withDefault(false)),
  watch: Flag.Boolean("watch").pipe(
    Flag.withDescription("start it, and show how it goes until it ends"),
    Flag.withDefault(false)
  )
}

export const jobsCreate = Command.make("create", flags, (given) =>
  Effect.gen(function* () {
    const payload = yield* newJobOf(given)
    const connected = yield* api
    const { ask } = connected
    const made = yield* ask((rpc) => rpc["jobs.create"]({ payload }))
    if (!given.start && !given.watch) return yield* answer(made, jobDetails(made))
    const params = { id: made.id }
    const started = yield* ask((rpc) => rpc["jobs.start"]({ params }))
    if (given.watch) return yield* watchJob(connected, made.id)
    yield* answer(started, jobDetails(started))
  })
).pipe(
  Command.withDescription("Create a replay job"),
  Command.withExamples([
    {
      command: "walstream jobs create --last 15m --speed max --watch",
      description: "replay the last quarter of an hour at once"
    },
    {
      command:
        "walstream jobs create --from 2026-01-02T10:00:00Z --to 2026-01-02T11:00:00Z --speed 10 --start",
      description: "an hour in six minutes"
    },
    {
      command: "walstream jobs create --from beginning --speed max --follow --start",
      description: "keep the target up to date"
    }
  ])
)
