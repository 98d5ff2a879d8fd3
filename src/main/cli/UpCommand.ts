import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { failed } from "./CliFailure.ts"

/** `.ts` in the repository, `.js` in the package. */
const devFile = () => {
  const source = fileURLToPath(new URL("../dev.ts", import.meta.url))
  return existsSync(source) ? source : fileURLToPath(new URL("../dev.js", import.meta.url))
}

/**
 * The same as `npm start`, as a process of its own: its signals and its exit code are ours. Ctrl-C reaches it by
 * itself, so only what is sent to us alone is passed on.
 */
export const upCommand = Command.make("up", {}, () =>
  Effect.callback<void, ReturnType<typeof failed>>((resume) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", devFile()], {
      stdio: "inherit"
    })
    const pass = () => child.kill("SIGTERM")
    const ignore = () => undefined
    process.on("SIGTERM", pass)
    process.on("SIGINT", ignore)
    child.once("error", (error) => resume(Effect.fail(failed(error.message))))
    child.once("close", (code) => process.exit(code ?? 1))
    return Effect.sync(pass)
  })
).pipe(Command.withDescription("Start everything in one process (what `npm start` does)"))
