import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { Effect, Schedule, Schema, type Scope } from "effect"
import { ApiClient, type ApiError } from "./ApiClient.ts"

export class WalStreamFailed extends Schema.TaggedError<WalStreamFailed>()("WalStreamFailed", {
  code: Schema.NullOr(Schema.Int),
  log: Schema.String
}) {
  override get message(): string {
    return `walstream ended with ${this.code ?? "a signal"}:\n${this.log}`
  }
}

export interface WalStreamOptions {
  readonly dataDir: string
  /** Beside DATA_DIR and HTTP_PORT. */
  readonly env: Readonly<Record<string, string>>
}

/** One life of the dev shape, as a child process. */
export interface WalStreamProcess {
  readonly pid: number
  /** Logged in with what DATA_DIR/walstream.json says. */
  readonly api: ApiClient
  /** Everything it wrote. */
  readonly log: () => string
  readonly kill: Effect.Effect<void>
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** SIGTERM; gives the exit code. */
  readonly stop: Effect.Effect<number | null>
}

const repository = resolve(import.meta.dirname, "../..")
const flags = ["--disable-warning=ExperimentalWarning", "src/main/dev.ts"]

const exited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const awaitExit = (child: ChildProcess): Effect.Effect<number | null> =>
  Effect.promise(async () => {
    if (!exited(child)) await once(child, "exit")
    return child.exitCode
  })

const spawnDev = (options: WalStreamOptions) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, flags, {
        cwd: repository,
        // Nothing of the tester's own settings: PATH and HOME are what a process needs.
        env: {
          PATH: process.env["PATH"],
          HOME: process.env["HOME"],
          HTTP_PORT: "0",
          ...options.env,
          DATA_DIR: options.dataDir
        },
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    (child) => {
      child.kill("SIGCONT")
      child.kill("SIGKILL")
      return awaitExit(child)
    }
  )

/** Starts it and waits until its API says that it is ready. Killed, if it still runs, with the scope. */
export const startWalStream: (
  options: WalStreamOptions
) => Effect.Effect<WalStreamProcess, WalStreamFailed | ApiError, Scope.Scope> = Effect.fnUntraced(
  function* (options) {
    yield* ApiClient.forget(options.dataDir)
    const child = yield* spawnDev(options)
    const { pid } = child
    if (pid === undefined) return yield* new WalStreamFailed({ code: null, log: "it could not be started" })
    let log = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        log += String(chunk)
      })
    }
    const died = Effect.flatMap(awaitExit(child), (code) => Effect.fail(new WalStreamFailed({ code, log })))
    const ready = ApiClient.login(options.dataDir).pipe(
      Effect.tap((api) => api.ready),
      Effect.retry(Schedule.spaced("50 millis")),
      Effect.timeoutOrElse({
        duration: "60 seconds",
        orElse: () => Effect.fail(new WalStreamFailed({ code: null, log: `not ready in 60 s\n${log}` }))
      })
    )
    const api = yield* Effect.raceFirst(ready, died)
    const signal = (name: NodeJS.Signals) =>
      Effect.sync(() => {
        child.kill(name)
      })
    return {
      pid,
      api,
      log: () => log,
      kill: Effect.andThen(signal("SIGKILL"), awaitExit(child)),
      freeze: signal("SIGSTOP"),
      thaw: signal("SIGCONT"),
      stop: Effect.andThen(signal("SIGTERM"), awaitExit(child))
    } satisfies WalStreamProcess
  }
)
