import { assert, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import { LevelTable } from "../../src/main/LogLevels.ts"
import { logging } from "../../src/main/Process.ts"

/** What is written to stderr by one line about a request. */
const written = (logFormat: "auto" | "pretty" | "json") =>
  Effect.gen(function* () {
    const printed: Array<string> = []
    const error = (...parts: ReadonlyArray<unknown>) => void printed.push(parts.join(" "))
    yield* Effect.logWarning("something happened", { detail: "away" }).pipe(
      Effect.annotateLogs({ request_id: "r-1" }),
      Effect.provide(logging({ logFormat }, new LevelTable("Info"))),
      Effect.provideService(Console.Console, { ...console, error, log: error, group: error })
    )
    return printed
  })

it.effect("a line is one JSON object for machines, also where nobody said so and there is no terminal", () =>
  Effect.gen(function* () {
    for (const format of ["json", "auto"] as const) {
      const [line = "", ...more] = yield* written(format)
      assert.deepStrictEqual(more, [])
      const { message, level, annotations } = JSON.parse(line)
      assert.deepStrictEqual(
        [message, level, annotations],
        [["something happened", { detail: "away" }], "WARN", { request_id: "r-1" }]
      )
    }
  })
)

it.effect("and readable for people", () =>
  Effect.gen(function* () {
    const text = (yield* written("pretty")).join("\n")
    assert.match(text, /WARN.*something happened/u)
    assert.include(text, "request_id: r-1")
    assert.throws(() => JSON.parse(text))
  })
)
