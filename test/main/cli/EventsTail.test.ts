import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { makeCapture, memoryBuffer } from "../../control/live/LiveScene.ts"
import { apiLayer, baseUrl, chunks, tokenFor } from "../../control/TestApi.ts"
import { run } from "./RunCli.ts"

layer(apiLayer("cli_tail", {}, memoryBuffer), { timeout: "60 seconds", excludeTestServices: true })(
  "walstream events tail",
  (it) => {
    it.effect("shows what was there, then what comes, each change once, and says why it ends", () =>
      Effect.gen(function* () {
        const env = { WALSTREAM_URL: yield* baseUrl, WALSTREAM_TOKEN: yield* tokenFor("viewer") }
        const { capture } = makeCapture(3)
        yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
        const lines: Array<string> = []
        const has = (count: number) =>
          Effect.repeat(Effect.void, {
            until: () => lines.length >= count,
            schedule: Schedule.spaced("10 millis")
          }).pipe(Effect.timeout("10 seconds"))
        const words = ["events", "tail", "-n", "2", "--text", "NOTE", "--operation", "insert", "--json"]
        const tail = yield* Effect.forkChild(run(env, words, false, lines), { startImmediately: true })
        yield* has(1)
        yield* capture(3, "a note")
        yield* has(4)
        assert.deepStrictEqual(
          lines.map((line) => JSON.parse(line).seq),
          [1, 4, 5, 6]
        )
        const sql = yield* PgClient.PgClient
        yield* sql`UPDATE users SET is_active = false WHERE username = 'test-viewer'`
        const ended = yield* Effect.timeout(Fiber.join(tail), "10 seconds")
        assert.strictEqual(ended.code, 1)
        assert.include(ended.error, "walstream login")
      })
    )
  }
)
