import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer } from "effect"
import { CliError, Command } from "effect/cli"
import { cli, exitCodeOf, runCli } from "../../../src/main/Cli.ts"
import { Screen } from "../../../src/main/cli/Screen.ts"
import { readSettings, Settings } from "../../../src/main/Settings.ts"

const errorOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return ""
  const error = Cause.squash(exit.cause)
  if (CliError.isCliError(error) && error._tag === "ShowHelp") {
    return error.errors.map((fault) => fault.message).join("\n")
  }
  return error instanceof Error ? error.message : String(error)
}

/** Runs the command line with these variables and gives what it printed and how it ended. */
export const run = Effect.fnUntraced(function* (
  environment: Record<string, string>,
  words: ReadonlyArray<string>,
  isTerminal = false,
  lines: Array<string> = []
) {
  const statuses: Array<string> = []
  const screen = Layer.succeed(Screen, {
    isTerminal,
    columns: 100,
    line: (text) => Effect.sync(() => void lines.push(text)),
    status: (text) => Effect.sync(() => void statuses.push(text))
  })
  const settings = Layer.effect(
    Settings,
    Effect.suspend(() => Effect.fromResult(readSettings(environment)))
  )
  const exit = yield* runCli(cli.pipe(Command.provide(settings)), words).pipe(
    Effect.provide(Layer.mergeAll(screen, NodeServices.layer)),
    Effect.exit
  )
  return { lines, statuses, text: lines.join("\n"), code: exitCodeOf(exit), error: errorOf(exit) }
})
