import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Result } from "effect"
import { LevelTable, layerLogging } from "../../src/main/LogLevels.ts"
import { readSettings } from "../../src/main/Settings.ts"

describe("the log", () => {
  it.effect("has what its table allows by subsystem, also when that was changed meanwhile", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const levels = new LevelTable("Warn", [["ingest", "Debug"]])
      const line = Logger.make<unknown, void>(({ message }) => void lines.push(String(message)))
      const all = Effect.gen(function* () {
        yield* Effect.logDebug("a detail of capture").pipe(Effect.annotateLogs({ actor: "/ingest/capture" }))
        yield* Effect.logDebug("a detail of a job").pipe(Effect.annotateLogs({ actor: "/replay/jobs/7-1" }))
        yield* Effect.logInfo("what a request did").pipe(
          Effect.annotateLogs({ request_id: "r1", actor: "/x" })
        )
        yield* Effect.logWarning("something of the process")
      }).pipe(Effect.provide(layerLogging(levels, line)))
      yield* all
      assert.deepStrictEqual(lines.splice(0), ["a detail of capture", "something of the process"])
      levels.set("ingest", "Error")
      levels.set("replay", "Debug")
      levels.set("api", "Info")
      levels.set("default", "Error")
      yield* all
      assert.deepStrictEqual(lines.splice(0), ["a detail of a job", "what a request did"])
      levels.reset()
      yield* all
      assert.deepStrictEqual(lines, ["a detail of capture", "something of the process"])
    })
  )

  it("takes its table from the settings", () => {
    const { logLevels } = Result.getOrThrow(readSettings({ LOG_LEVELS: "ingest=Debug, live-feed=Error" }))
    assert.deepStrictEqual(logLevels, [
      ["ingest", "Debug"],
      ["live-feed", "Error"]
    ])
    for (const wrong of ["ingest", "ingest=debug", "Ingest=Debug", "=Debug"])
      assert.isTrue(Result.isFailure(readSettings({ LOG_LEVELS: wrong })), wrong)
  })
})
