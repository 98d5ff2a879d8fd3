import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { jobStatuses } from "../../domain/JobStatus.ts"
import { api } from "./ApiClient.ts"
import { misused } from "./CliFailure.ts"
import { findJob } from "./JobNames.ts"
import { jobsCreate } from "./JobsCreate.ts"
import { jobsEstimate } from "./JobsEstimate.ts"
import { jobsFailures, jobsSkip } from "./JobsFailures.ts"
import { jobsHistory } from "./JobsHistory.ts"
import { jobsWatch } from "./JobsWatch.ts"
import { jobDetails, jobTable } from "./JobText.ts"
import { answer } from "./Root.ts"

const job = Argument.String("job").pipe(
  Argument.withDescription("a job's id, the beginning of it, or `latest`")
)

const list = Command.make(
  "list",
  {
    statuses: Flag.Literals("status", jobStatuses).pipe(
      Flag.withDescription("only jobs of this status; may be given again"),
      Flag.atLeast(0)
    ),
    limit: Flag.Int("limit").pipe(Flag.withDescription("at most so many, up to 200"), Flag.withDefault(20))
  },
  ({ statuses, limit }) =>
    Effect.gen(function* () {
      const { ask } = yield* api
      const query = { limit, ...(statuses.length === 0 ? {} : { status: statuses.join(",") }) }
      const page = yield* ask((rpc) => rpc["jobs.list"]({ query }))
      const more = page.next_cursor === null ? "" : "\n… and older ones"
      yield* answer(page.items, `${jobTable(page.items)}${more}`)
    })
).pipe(Command.withDescription("List jobs, newest first"))

const show = Command.make("show", { job }, (given) =>
  Effect.gen(function* () {
    const connected = yield* api
    const id = yield* findJob(connected, given.job)
    const found = yield* connected.ask((rpc) => rpc["jobs.get"]({ params: { id } }))
    yield* answer(found, jobDetails(found))
  })
).pipe(Command.withDescription("Show a job"))

const action = (name: "start" | "pause" | "resume" | "cancel", description: string) =>
  Command.make(name, { job }, (given) =>
    Effect.gen(function* () {
      const connected = yield* api
      const id = yield* findJob(connected, given.job)
      const after = yield* connected.ask((rpc) => rpc[`jobs.${name}`]({ params: { id } }))
      yield* answer(after, `job ${after.id} is ${after.status}`)
    })
  ).pipe(Command.withDescription(description))

const remove = Command.make("delete", { job }, (given) =>
  Effect.gen(function* () {
    const connected = yield* api
    const id = yield* findJob(connected, given.job)
    yield* connected.ask((rpc) => rpc["jobs.remove"]({ params: { id } }))
    yield* answer({ id, deleted: true }, `job ${id} is deleted`)
  })
).pipe(Command.withDescription("Delete a job that no worker may hold"))

const set = Command.make(
  "set",
  {
    job,
    speed: Flag.String("speed").pipe(Flag.withDescription("0.1 to 100, or `max`; at once"), Flag.optional),
    name: Flag.String("name").pipe(Flag.withDescription("a name for people"), Flag.optional)
  },
  ({ job: text, speed, name }) =>
    Effect.gen(function* () {
      if (Option.isNone(speed) && Option.isNone(name)) return yield* misused("give --speed or --name")
      const factor = Option.map(speed, (value) => (value === "max" ? ("max" as const) : Number(value)))
      if (Option.isSome(factor) && Number.isNaN(factor.value)) {
        return yield* misused("--speed must be a number from 0.1 to 100, or max")
      }
      const connected = yield* api
      const id = yield* findJob(connected, text)
      const payload = {
        ...(Option.isNone(factor) ? {} : { speed_factor: factor.value }),
        ...(Option.isNone(name) ? {} : { name: name.value })
      }
      const changed = yield* connected.ask((rpc) => rpc["jobs.update"]({ params: { id }, payload }))
      yield* answer(changed, jobDetails(changed))
    })
).pipe(Command.withDescription("Change a job's speed or name"))

export const jobsCommand = Command.make("jobs").pipe(
  Command.withDescription("Replay jobs"),
  Command.withSubcommands([
    jobsEstimate,
    jobsCreate,
    list,
    show,
    action("start", "Start a pending job"),
    jobsWatch,
    action("pause", "Pause a job"),
    action("resume", "Go on with a paused or failed job, from its checkpoint"),
    jobsFailures,
    jobsSkip,
    jobsHistory,
    action("cancel", "Cancel a job for good"),
    set,
    remove
  ])
)
