import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { resolve } from "node:path"
import { Effect, Schedule, Schema } from "effect"
import { nodeFlags } from "../../src/main/NodeFlags.ts"
import { ApiClient, type ApiError } from "./ApiClient.ts"

export class WalStreamFailed extends Schema.TaggedError<WalStreamFailed>()("WalStreamFailed", {
  problem: Schema.String,
  log: Schema.String
}) {
  override get message(): string {
    return `walstream ${this.problem}. The end of its log:\n${this.log.slice(-6000)}`
  }
}

export interface WalStreamOptions {
  readonly dataDir: string
  /** Beside DATA_DIR and HTTP_PORT. */
  readonly env: Readonly<Record<string, string>>
  /** Of Node; those of `npm start` if not given. */
  readonly flags?: ReadonlyArray<string>
}

/** One life of the dev shape, as a child process. */
export interface WalStreamProcess {
  readonly pid: number
  /** Waits until it serves, whether or not it captures; logged in with what DATA_DIR/walstream.json says. */
  readonly ready: Effect.Effect<ApiClient, WalStreamFailed | ApiError>
  /** Everything it wrote. */
  readonly log: () => string
  readonly kill: Effect.Effect<void>
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** SIGTERM; gives the exit code, null when it had to be killed. */
  readonly stop: Effect.Effect<number | null>
  /** Waits until it ends by itself. */
  readonly exitCode: Effect.Effect<number | null>
}

const repository = resolve(import.meta.dirname, "../..")

const awaitExit = (child: ChildProcess): Effect.Effect<number | null> =>
  Effect.promise(async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
    return child.exitCode
  })

const launch = (options: WalStreamOptions) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [...(options.flags ?? nodeFlags), "src/main/dev.ts"], {
        cwd: repository,
        // Nothing of the tester's own settings: PATH and HOME are what a process needs.
        env: {
          PATH: process.env["PATH"],
          HOME: process.env["HOME"],
          HTTP_PORT: "0",
          LOG_FORMAT: "json",
          NODE_COMPILE_CACHE: "node_modules/.cache/walstream",
          ...options.env,
          DATA_DIR: options.dataDir
        },
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    (child) => {
      child.kill("SIGKILL")
      return awaitExit(child)
    }
  )

/** Starts it and does not wait. Killed, if it still runs, with the scope. */
export const startWalStream = Effect.fnUntraced(function* (options: WalStreamOptions) {
  yield* ApiClient.forget(options.dataDir)
  const child = yield* launch(options)
  let log = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      log += String(chunk)
    })
  }
  const failed = (problem: string) => Effect.suspend(() => Effect.fail(new WalStreamFailed({ problem, log })))
  const exitCode = awaitExit(child)
  const signal = (name: NodeJS.Signals) =>
    Effect.sync(() => {
      child.kill(name)
    })
  const walstream: WalStreamProcess = {
    pid: child.pid ?? Number.NaN,
    ready: ApiClient.login(options.dataDir).pipe(
      Effect.tap((api) => api.live),
      Effect.retry(Schedule.spaced("100 millis")),
      Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => failed("was not ready within 60 s") }),
      Effect.raceFirst(Effect.flatMap(exitCode, (code) => failed(`ended with ${code ?? "a signal"}`)))
    ),
    log: () => log,
    kill: Effect.andThen(signal("SIGKILL"), exitCode),
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    stop: Effect.andThen(signal("SIGTERM"), exitCode),
    exitCode
  }
  return walstream
})
