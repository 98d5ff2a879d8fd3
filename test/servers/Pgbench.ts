import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { Effect, Redacted, Schema } from "effect"
import { debianBinaries } from "./Capability.ts"

export class PgbenchError extends Schema.TaggedError<PgbenchError>()("PgbenchError", {
  code: Schema.NullOr(Schema.Int),
  output: Schema.String
}) {
  override get message(): string {
    return `pgbench ended with ${this.code ?? "a signal"}: ${this.output}`
  }
}

/** Runs pgbench to its end and gives what it printed; killed when interrupted. */
export const pgbench = (
  url: Redacted.Redacted,
  flags: ReadonlyArray<string>
): Effect.Effect<string, PgbenchError> =>
  Effect.acquireUseRelease(
    Effect.sync(() =>
      spawn(join(debianBinaries, "pgbench"), [...flags, Redacted.value(url)], {
        stdio: ["ignore", "pipe", "pipe"]
      })
    ),
    (child) =>
      Effect.promise(async () => {
        let output = ""
        for (const stream of [child.stdout, child.stderr]) {
          stream.on("data", (chunk) => {
            output += String(chunk)
          })
        }
        const [code] = await once(child, "close")
        return { code: typeof code === "number" ? code : null, output }
      }).pipe(
        Effect.flatMap(({ code, output }) =>
          code === 0 ? Effect.succeed(output) : Effect.fail(new PgbenchError({ code, output }))
        )
      ),
    (child) =>
      Effect.sync(() => {
        child.kill("SIGKILL")
      })
  )

/** pgbench's own tables, `scale` times 100,000 accounts. */
export const pgbenchInit = (url: Redacted.Redacted, scale: number) =>
  pgbench(url, ["--initialize", "--quiet", `--scale=${scale}`])
