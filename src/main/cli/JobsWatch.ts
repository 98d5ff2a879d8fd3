import { Clock, Effect } from "effect"
import { Argument, Command } from "effect/cli"
import type { JobJson } from "../../control/api/JobJson.ts"
import { type Api, api } from "./ApiClient.ts"
import { CliFailure, cliCodes } from "./CliFailure.ts"
import { findJob } from "./JobNames.ts"
import { outcomeLine, progressLine, type Sample, sampleOf } from "./JobProgress.ts"
import { jsonText } from "./JsonText.ts"
import { root } from "./Root.ts"
import { Screen } from "./Screen.ts"

const ends: ReadonlyArray<JobJson["status"]> = ["completed", "failed", "cancelled"]

/** The rate is that of the last ten looks, about five seconds. */
const remembered = 10
/** Without a terminal a line is written when the status changes, or what it waits for, and else this often. */
const plainEveryMillis = 5000

/** What is worth a line of its own when it changes. */
const stateOf = ({ status, live }: JobJson): string => `${status} ${live?.retrying?.reason ?? ""}`

/** Shows how a job goes until it ends; fails with the code for that when it does not complete. */
export const watchJob = Effect.fnUntraced(function* ({ ask }: Api, id: string) {
  const { json } = yield* root
  const screen = yield* Screen
  const samples: Array<Sample> = []
  let lastState = ""
  let lastShown = ""
  let warned = false
  let lastLine = Number.NEGATIVE_INFINITY
  while (true) {
    const job = yield* ask((rpc) => rpc["jobs.get"]({ params: { id } }))
    const now = yield* Clock.currentTimeMillis
    samples.push(sampleOf(job, now))
    if (samples.length > remembered) samples.shift()
    if (!json && !warned) {
      warned = true
      for (const { message } of job.warnings) yield* screen.line(`warning: ${message}`)
    }
    if (json) {
      const shown = JSON.stringify([job.version, job.live?.phase, job.live?.retrying?.attempt])
      if (shown !== lastShown) yield* screen.line(jsonText(job))
      lastShown = shown
    } else if (ends.includes(job.status)) {
      yield* screen.line(outcomeLine(job))
    } else if (screen.isTerminal) {
      yield* screen.status(progressLine(job, samples, screen.columns))
    } else if (stateOf(job) !== lastState || now - lastLine >= plainEveryMillis) {
      yield* screen.line(progressLine(job, samples, 200))
      lastLine = now
    }
    lastState = stateOf(job)
    if (ends.includes(job.status)) {
      if (job.status === "completed") return
      return yield* new CliFailure({ text: "", code: cliCodes.jobFailed })
    }
    yield* Effect.sleep("500 millis")
  }
})

export const jobsWatch = Command.make("watch", { job: Argument.String("job") }, ({ job }) =>
  Effect.gen(function* () {
    const connected = yield* api
    yield* watchJob(connected, yield* findJob(connected, job))
  })
).pipe(Command.withDescription("Show how a job goes until it ends; exit code 3 when it does not complete"))
