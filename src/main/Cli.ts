import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, Layer, References, type Runtime } from "effect"
import { CliConfig, CliError, Command, GlobalFlag } from "effect/cli"
import { auditCommand } from "./cli/AuditCommand.ts"
import { CliFailure, cliCodes } from "./cli/CliFailure.ts"
import { doctorCommand } from "./cli/DoctorCommand.ts"
import { eventsCommand } from "./cli/EventsCommand.ts"
import { healthCommand } from "./cli/HealthCommand.ts"
import { jobsCommand } from "./cli/JobsCommand.ts"
import { loginCommand } from "./cli/LoginCommand.ts"
import { migrateCommand } from "./cli/MigrateCommand.ts"
import { root } from "./cli/Root.ts"
import { Screen } from "./cli/Screen.ts"
import { sourceCommand } from "./cli/SourceCommand.ts"
import { statusCommand } from "./cli/StatusCommand.ts"
import { upCommand } from "./cli/UpCommand.ts"
import { usersCommand } from "./cli/UsersCommand.ts"
import { Settings, SettingsError } from "./Settings.ts"
import { version } from "./Version.ts"

export const cli = root.pipe(
  Command.withSubcommands([
    upCommand,
    statusCommand,
    jobsCommand,
    eventsCommand,
    doctorCommand,
    auditCommand,
    usersCommand,
    healthCommand,
    sourceCommand,
    loginCommand,
    migrateCommand
  ])
)

const builtIns = [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]

/** What went wrong, for stderr; empty where it has been said already. */
const messageOf = (error: unknown): string => {
  if (CliError.isCliError(error)) return ""
  return error instanceof Error ? error.message : String(error)
}

export const exitCodeOf = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return cliCodes.ok
  const error = Cause.squash(exit.cause)
  if (error instanceof CliFailure) return error.code
  if (error instanceof SettingsError) return cliCodes.settings
  return CliError.isCliError(error) ? cliCodes.usage : cliCodes.failed
}

const teardown: Runtime.Teardown = (exit, onExit) => onExit(exitCodeOf(exit))

/** Runs the command that these words are; says on stderr why it failed. */
export const runCli = <Input, Context, E, R>(
  command: Command.Command<"walstream", Input, Context, E, R>,
  words: ReadonlyArray<string>
) =>
  Command.runWith(command, { version })(words).pipe(
    Effect.scoped,
    Effect.tapCause((cause) =>
      Effect.sync(() => {
        if (Cause.hasInterruptsOnly(cause)) return
        const message = messageOf(Cause.squash(cause))
        for (const line of message === "" ? [] : message.split("\n"))
          process.stderr.write(`walstream: ${line}\n`)
      })
    )
  )

if (import.meta.main) {
  // Settings are read when a command needs them: help is there whatever the environment holds.
  runCli(cli.pipe(Command.provide(Settings.layer)), process.argv.slice(2)).pipe(
    Effect.provide(
      Layer.mergeAll(
        Screen.layer,
        NodeServices.layer,
        Layer.succeed(CliConfig.CliConfig, CliConfig.make({ builtIns })),
        Layer.succeed(References.MinimumLogLevel, "None")
      )
    ),
    NodeRuntime.runMain({ teardown, disableErrorReporting: true })
  )
}
