import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Event } from "../../domain/Event.ts"
import { api } from "./ApiClient.ts"
import { failed } from "./CliFailure.ts"
import { eventLine } from "./EventText.ts"
import { findJob } from "./JobNames.ts"
import { jobDetails, plainTime } from "./JobText.ts"
import { answer } from "./Root.ts"
import { Screen } from "./Screen.ts"

const job = Argument.String("job").pipe(
  Argument.withDescription("a job's id, the beginning of it, or `latest`")
)

interface Failure {
  readonly code: string
  readonly message: string
  readonly position: string | null
  readonly event: Event | null
  readonly skipped: boolean
  readonly failed_at: string
}

const words = (failure: Failure, columns: number): string =>
  [
    `${plainTime(failure.failed_at)}  ${failure.message} (${failure.code})`,
    ...(failure.position === null
      ? []
      : [`  at ${failure.position}${failure.skipped ? ", which it is to pass over" : ""}`]),
    ...(failure.event === null ? [] : [`  ${eventLine(failure.event, columns - 2)}`])
  ].join("\n")

export const jobsFailures = Command.make(
  "failures",
  {
    job,
    limit: Flag.Int("limit").pipe(Flag.withDescription("at most so many, up to 50"), Flag.withDefault(20))
  },
  ({ job: text, limit }) =>
    Effect.gen(function* () {
      const screen = yield* Screen
      const connected = yield* api
      const id = yield* findJob(connected, text)
      const page = yield* connected.ask((rpc) => rpc["jobs.failures"]({ params: { id }, query: { limit } }))
      const columns = screen.isTerminal ? screen.columns : 200
      const lines = page.items.map((failure) => words(failure, columns))
      const more = page.next_cursor === null ? [] : ["… and older ones"]
      yield* answer(page.items, lines.length === 0 ? "it has never failed" : [...lines, ...more].join("\n"))
    })
).pipe(
  Command.withDescription("Each time that a job failed, newest first, with the change that it failed at")
)

export const jobsSkip = Command.make(
  "skip",
  {
    job,
    reason: Flag.String("reason").pipe(
      Flag.withDescription("why the target is to do without that change; it is kept")
    ),
    position: Flag.String("position").pipe(
      Flag.withDescription(
        "the change, if it is still the one that the job has failed at; default: that one"
      ),
      Flag.optional
    )
  },
  ({ job: text, reason, position }) =>
    Effect.gen(function* () {
      const connected = yield* api
      const id = yield* findJob(connected, text)
      const params = { id }
      const { status, error } = yield* connected.ask((rpc) => rpc["jobs.get"]({ params }))
      const at = Option.getOrElse(position, () => error?.position ?? null)
      if (at === null) {
        return yield* failed(`the job is ${status}, and has not failed at a change: there is nothing to skip`)
      }
      const skipped = yield* connected.ask((rpc) =>
        rpc["jobs.skip"]({ params, payload: { position: at, reason } })
      )
      yield* answer(
        skipped,
        `${jobDetails(skipped)}\n\nit passes over ${at} once it goes on: walstream jobs resume ${id}`
      )
    })
).pipe(Command.withDescription("Tell a failed job to pass over the one change that it has failed at"))
