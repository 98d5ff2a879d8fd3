import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { jsonText } from "./JsonText.ts"
import { Screen } from "./Screen.ts"

/** The command that all others hang on, with the flags that all of them have. */
export const root = Command.make("walstream").pipe(
  Command.withSharedFlags({
    url: Flag.String("url").pipe(
      Flag.withDescription("the API's address; default WALSTREAM_URL, else the instance of this DATA_DIR"),
      Flag.optional
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("answer in JSON, one value a line"),
      Flag.withDefault(false)
    )
  }),
  Command.withDescription("Capture a PostgreSQL database and replay any stretch of its history.")
)

/** The answer: as JSON when that was asked for, else in words. */
export const answer = Effect.fnUntraced(function* (value: unknown, words: string) {
  const { json } = yield* root
  const screen = yield* Screen
  yield* screen.line(json ? jsonText(value) : words)
})

export const urlFlag = Effect.map(root, ({ url }) => Option.getOrUndefined(url))
