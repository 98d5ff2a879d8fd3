import { Context, Effect, Layer } from "effect"

/** What others have written moves no cursor: of control characters only the end of a line is left. */
const harmless = (text: string): string => text.replaceAll(/[^\P{Cc}\n]+/gu, " ")

/** Where a command's answer goes: stdout. */
export class Screen extends Context.Service<
  Screen,
  {
    /** Whether a person looks at it: then there is a line that is written over again. */
    readonly isTerminal: boolean
    readonly columns: number
    readonly line: (text: string) => Effect.Effect<void>
    /** The line that changes; on a terminal only. `line` ends it. */
    readonly status: (text: string) => Effect.Effect<void>
  }
>()("walstream/main/cli/Screen") {
  static readonly layer = Layer.sync(Screen, () => {
    const isTerminal = process.stdout.isTTY === true
    let open = false
    // `walstream events tail | head`: whoever read has had enough.
    process.stdout.once("error", (error: NodeJS.ErrnoException) =>
      process.exit(error.code === "EPIPE" ? 0 : 1)
    )
    const write = (text: string) => Effect.sync(() => void process.stdout.write(text))
    return {
      isTerminal,
      columns: process.stdout.columns || 100,
      line: (text: string) =>
        Effect.suspend(() => {
          const clear = open ? "\r\u001b[2K" : ""
          open = false
          return write(`${clear}${harmless(text)}\n`)
        }),
      status: (text: string) =>
        Effect.suspend(() => {
          if (!isTerminal) return Effect.void
          open = true
          return write(`\r\u001b[2K${harmless(text)}`)
        })
    }
  })
}
