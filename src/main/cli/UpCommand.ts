import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { nodeFlags } from "../NodeFlags.ts"
import { type CliFailure, cliCodes, failed } from "./CliFailure.ts"

/** `.ts` in the repository, `.js` in the package. */
const devFile = () => {
  const source = fileURLToPath(new URL("../dev.ts", import.meta.url))
  return existsSync(source) ? source : fileURLToPath(new URL("../dev.js", import.meta.url))
}

/**
 * The same as `npm start`, as a process of its own. We end when it has ended, with its exit code: asked to stop, we
 * ask it and wait, for as long as it gives itself. (Ctrl-C reaches it by itself; a second request changes nothing.)
 */
export const upCommand = Command.make("up", {}, () =>
  Effect.callback<void, CliFailure>((resume) => {
    const child = spawn(process.execPath, [...nodeFlags, devFile()], {
      stdio: "inherit"
    })
    child.once("error", (error) => resume(Effect.fail(failed(error.message))))
    child.once("close", (code) => process.exit(code ?? cliCodes.failed))
    return Effect.andThen(
      Effect.sync(() => child.kill("SIGTERM")),
      Effect.never
    )
  })
).pipe(Command.withDescription("Start everything in one process (what `npm start` does)"))
