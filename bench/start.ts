import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Schedule } from "effect"
import { ApiClient } from "../test/faults/ApiClient.ts"
import { temporaryFolder } from "./Backlog.ts"
import { lessIsBetter, median, worstOf } from "./BenchResult.ts"

const repository = resolve(import.meta.dirname, "..")
/** The blueprint's goal in seconds. */
const goal = 10

/** What is committed, as somebody who clones it has it; what npm installed is linked. */
const clone = Effect.gen(function* () {
  const folder = join(yield* temporaryFolder, "walstream")
  execFileSync("git", ["clone", "--quiet", "--depth=1", `file://${repository}`, folder])
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"))
  return folder
})

/** `npm start`, and all that it started, until the scope ends. */
const npmStart = (folder: string) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn("npm", ["start"], {
        cwd: folder,
        // A group of its own: npm, its shell and the server end together.
        detached: true,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], HTTP_PORT: "0" },
        stdio: ["ignore", "ignore", "inherit"]
      })
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.pid === undefined || child.exitCode !== null) return
        process.kill(-child.pid, "SIGTERM")
        await once(child, "exit")
      })
  )

const oneStart = Effect.gen(function* () {
  const folder = yield* clone
  const started = performance.now()
  const since = () => (performance.now() - started) / 1000
  const child = yield* npmStart(folder)
  const ended = Effect.promise(() => once(child, "exit")).pipe(
    Effect.andThen(Effect.die(new Error("npm start has ended")))
  )
  const often = Schedule.spaced("20 millis")
  return yield* Effect.gen(function* () {
    const api = yield* ApiClient.login(join(folder, ".walstream")).pipe(Effect.retry(often))
    const login = since()
    yield* api
      .recentEvents(1)
      .pipe(Effect.repeat({ until: ({ items }) => items.length > 0, schedule: often }))
    return { login, change: since() }
  }).pipe(Effect.raceFirst(ended))
}).pipe(Effect.timeout("2 minutes"), Effect.scoped)

/**
 * `npm run bench -- start [ROUNDS]`: seconds from `npm start` in a clean clone until somebody is logged in, and until
 * the first change is visible to them; medians beside the goal.
 */
export const run = ([rounds = "5"]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const starts = []
    for (let round = 0; round < Number(rounds); round++) starts.push(yield* oneStart)
    return worstOf("start", "s", [
      lessIsBetter("logged in", median(starts.map(({ login }) => login)), goal),
      lessIsBetter("first change visible", median(starts.map(({ change }) => change)), goal)
    ])
  }).pipe(Effect.runPromise)
