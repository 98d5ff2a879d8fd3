import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { fileChanges } from "../../../src/main/parts/FileChanges.ts"
import { readSettingFile, UnreadableFile } from "../../../src/main/parts/SettingFile.ts"

const isSame = (a: string, b: string) => a === b

it.effect("files are looked at every ten seconds, and tell only what is new", () =>
  Effect.gen(function* () {
    const texts = ["old", "old", null, "new", "new", "newest"]
    const read = Effect.suspend(() => {
      const text = texts.shift() ?? null
      return text === null
        ? Effect.fail(new UnreadableFile({ setting: "A_FILE", detail: "it is being written" }))
        : Effect.succeed(text)
    })
    const seen: Array<string> = []
    const changes = yield* fileChanges(read, "old", isSame).pipe(
      Stream.runForEach((text) => Effect.sync(() => seen.push(text))),
      Effect.forkChild({ startImmediately: true })
    )
    yield* TestClock.adjust("31 seconds")
    assert.deepStrictEqual(seen, ["new"])
    yield* TestClock.adjust("20 seconds")
    assert.deepStrictEqual(seen, ["new", "newest"])
    yield* Fiber.interrupt(changes)
  })
)

it.effect("and at once when the process is sent a SIGHUP", () =>
  Effect.gen(function* () {
    let text = "old"
    const before = process.listenerCount("SIGHUP")
    const change = yield* fileChanges(
      Effect.sync(() => text),
      "old",
      isSame
    ).pipe(Stream.runHead, Effect.forkChild({ startImmediately: true }))
    yield* TestClock.adjust("1 second")
    text = "new"
    process.emit("SIGHUP", "SIGHUP")
    assert.deepStrictEqual(yield* Fiber.join(change), Option.some("new"))
    assert.strictEqual(process.listenerCount("SIGHUP"), before)
  })
)

it.effect("a file that cannot be read is told by its setting", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(readSettingFile("REPLAYER_TLS_KEY", Option.some("/nowhere/at/all")))
    assert.include(error.message, "REPLAYER_TLS_KEY must name a file that can be read")
  })
)
