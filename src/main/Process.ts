import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Effect, Exit, Logger, type Runtime } from "effect"
import { type LevelTable, layerLogging } from "./LogLevels.ts"
import type { SettingsValue } from "./Settings.ts"
import { SettingsError } from "./Settings.ts"
import { StopDeadline } from "./StopDeadline.ts"
import { uncaughtText } from "./Uncaught.ts"

/** Exit codes of every process: 0 stopped in order, 1 failed, 70 did not stop in time, 78 a setting is wrong. */
const exitCodes = { ok: 0, failed: 1, stuck: 70, settings: 78 } as const

/** Orchestrators take 130 for a failure: an interrupt that ended in order is a success. */
const codeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return exitCodes.ok
  return Cause.squash(exit.cause) instanceof SettingsError ? exitCodes.settings : exitCodes.failed
}

const teardown: Runtime.Teardown = (exit, onExit) => onExit(codeOf(exit))

/** Of this process. */
export const stopDeadline = new StopDeadline(() => {
  process.stderr.write("walstream: did not stop in time\n")
  process.exit(exitCodes.stuck)
})

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (!(error instanceof Error)) return String(error)
  const fix = "fix" in error && typeof error.fix === "string" ? error.fix : undefined
  return fix === undefined ? error.message : `${error.message}. What to do: ${fix}`
}

/** Runs a process until it is told to stop or fails: one clear message, the right exit code. */
export const runProcess = <E>(main: Effect.Effect<unknown, E>): void => {
  process.once("uncaughtException", (thrown) => {
    process.stderr.write(`walstream: ${uncaughtText(thrown)}\n`)
    process.exit(exitCodes.failed)
  })
  process.once("SIGTERM", stopDeadline.arm)
  process.once("SIGINT", stopDeadline.arm)
  main.pipe(
    Effect.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.void
        : Effect.sync(() => {
            for (const line of messageOf(cause).split("\n")) process.stderr.write(`walstream: ${line}\n`)
          })
    ),
    NodeRuntime.runMain({ teardown, disableErrorReporting: true })
  )
}

/** One JSON object a line for machines, readable lines for a terminal. */
export const logging = ({ logFormat }: Pick<SettingsValue, "logFormat">, levels: LevelTable) => {
  const json = logFormat === "json" || (logFormat === "auto" && !process.stderr.isTTY)
  return layerLogging(levels, json ? Logger.consoleJson : Logger.consolePretty())
}
