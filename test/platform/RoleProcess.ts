import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { Effect } from "effect"

export const roles = ["ingestor", "worker", "replayer", "control"] as const
export type Role = (typeof roles)[number]

/** A role's process over all its lives. */
export interface RoleProcess {
  readonly role: Role
  /** Of the present life. */
  readonly pid: () => number | undefined
  readonly start: Effect.Effect<void>
  /** SIGKILL, and gone when it returns. */
  readonly kill: Effect.Effect<void>
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** SIGTERM; its exit code, null when it had to be killed. */
  readonly stop: Effect.Effect<number | null>
  /** Lives that ended without being told to: with which code, and what they wrote last. */
  readonly ownEnds: () => ReadonlyArray<string>
  /** Everything that all lives wrote. */
  readonly log: () => string
}

/** A WalStream that can be run. */
export interface Program {
  readonly folder: string
  /** The file of this name in `src/main`, seen from the folder. */
  readonly file: (name: string) => string
}

export const sources: Program = {
  folder: resolve(import.meta.dirname, "../.."),
  file: (name) => `src/main/${name}.ts`
}

/**
 * A role as an orchestrator runs it: a life that ends by itself is followed by the next. Ends with the scope.
 */
export const makeRoleProcess = Effect.fnUntraced(function* (
  role: Role,
  environment: Readonly<Record<string, string>>,
  program: Program = sources
) {
  let child: ChildProcess | undefined
  let log = ""
  const ownEnds: Array<string> = []

  const begin = (): void => {
    if (child !== undefined) return
    const started = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program.file(role)], {
      cwd: program.folder,
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        LOG_FORMAT: "json",
        NODE_COMPILE_CACHE: "node_modules/.cache/walstream",
        ...environment
      },
      stdio: ["ignore", "pipe", "pipe"]
    })
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      stream.on("data", (chunk) => {
        log += String(chunk)
      })
    }
    started.once("close", (code) => {
      if (child !== started) return
      child = undefined
      ownEnds.push(`${code}: ${log.slice(-600)}`)
      begin()
    })
  }
  const end = (name: NodeJS.Signals) =>
    Effect.promise(async () => {
      const ending = child
      child = undefined
      if (ending === undefined || ending.exitCode !== null) return null
      const gone = once(ending, "exit")
      ending.kill("SIGCONT")
      ending.kill(name)
      await gone
      return ending.exitCode
    })
  const signal = (name: NodeJS.Signals) => Effect.sync(() => void child?.kill(name))

  yield* Effect.addFinalizer(() => end("SIGKILL"))
  const made: RoleProcess = {
    role,
    pid: () => child?.pid,
    start: Effect.sync(begin),
    kill: Effect.asVoid(end("SIGKILL")),
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    stop: end("SIGTERM"),
    ownEnds: () => ownEnds,
    log: () => log
  }
  return made
})
