import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Position } from "../../src/domain/Position.ts"
import { comparePosition } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { Dice } from "./Dice.ts"
import { RandomLog } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"
import { archiveAt, temporaryDirectory } from "./SqliteFixture.ts"

const seed = 77

/** Runs the writing child and kills it after so many lines; gives the last acknowledged position. */
const runAndKill = (file: string, lines: number) =>
  Effect.callback<Position | null>((resume) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "CrashWriter.ts"), file, String(seed)], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let last: Position | null = null
    let seen = 0
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [seq, ordinal] = line.split(" ").map(Number)
      if (seq !== undefined && ordinal !== undefined) last = { seq, ordinal }
      if (seen++ === lines) child.kill("SIGKILL")
    })
    child.on("close", (_, signal) => {
      assert.strictEqual(signal, "SIGKILL")
      resume(Effect.succeed(last))
    })
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe("SqliteArchive, killed", () => {
  it.effect(
    "has all that was acknowledged, whole and once",
    () =>
      Effect.gen(function* () {
        const file = join(yield* temporaryDirectory, "log.db")
        const dice = new Dice(5)
        const log = new RandomLog({ seed, largeOneIn: 12 })
        const expected: Array<ArchivedChunk> = []
        let acknowledged: Position = { seq: 0, ordinal: 0 }
        for (let round = 0; round < 10; round++) {
          const last = yield* runAndKill(file, dice.below(40))
          if (last !== null && comparePosition(last, acknowledged) > 0) acknowledged = last
          yield* Archive.use((archive) =>
            Effect.gen(function* () {
              const tail = (yield* archive.recover).last
              const end = tail?.position ?? { seq: 0, ordinal: 0 }
              assert.isAtLeast(comparePosition(end, acknowledged), 0, `round ${round}`)
              const { firstSeq, nextSeq } = yield* archive.coverage
              while ((expected.at(-1)?.seq ?? 0) < nextSeq) expected.push(...log.transaction())
              const held = yield* archive.read({ seq: firstSeq, ordinal: 0 }, nextSeq).pipe(Stream.runCollect)
              assertSameLog(
                held.flat(),
                expected.filter(({ seq }) => seq >= firstSeq && seq < nextSeq)
              )
            })
          ).pipe(Effect.provide(archiveAt({ file }), { local: true }))
        }
        assert.isAbove(acknowledged.seq, 20)
      }),
    120_000
  )
})
