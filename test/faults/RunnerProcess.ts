import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { Effect } from "effect"

export interface RunnerOptions {
  readonly workerId: string
  readonly leaseSeconds: number
  /** A file that no other process has open. */
  readonly archive: string
  readonly controlUrl: string
  readonly targetUrl: string
}

/** A worker as a process of its own; killed with the scope. */
export const startRunner = Effect.fnUntraced(function* (options: RunnerOptions) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        process.execPath,
        [
          "--disable-warning=ExperimentalWarning",
          join(import.meta.dirname, "RunnerMain.ts"),
          JSON.stringify(options)
        ],
        { stdio: ["ignore", "pipe", "pipe"] }
      )
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGKILL")
        await once(child, "exit")
      })
  )
  let log = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      log += String(chunk)
    })
  }
  const signal = (name: NodeJS.Signals) =>
    Effect.sync(() => {
      child.kill(name)
    })
  return {
    log: () => log,
    /** The epochs that it has run so far, in order, each followed by `nothing` once it had ended. */
    runs: () => Array.from(log.matchAll(/^runs (.+)$/gmu), ([, run]) => run),
    isAlive: () => child.exitCode === null && child.signalCode === null,
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT")
  }
})
