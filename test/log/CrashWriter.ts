import { writeSync } from "node:fs"
import { Effect, Layer } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { Dice } from "./Dice.ts"
import { markAfter, RandomLog, randomIncarnation, recut } from "./RandomLog.ts"

/*
 * A child process for the crash test: goes on with the random log where the file ends, for ever, and writes the last
 * (seq, ordinal) of each acknowledged append as a line. Arguments: the file, the log's seed.
 */

const [file = "", seed = ""] = process.argv.slice(2)

const write = Effect.gen(function* () {
  const archive = yield* Archive
  const { last, incarnations } = yield* archive.recover
  if (incarnations.length === 0) yield* archive.beginIncarnation(randomIncarnation())
  writeSync(1, "open\n")
  const log = new RandomLog({ seed: Number(seed), largeOneIn: 12 })
  // Not the log's own: how it is cut and repeated differs from life to life, what it says does not.
  const dice = new Dice(process.pid)
  // The source sends again from some way back.
  const from = (last?.position.seq ?? 1) - 3
  for (;;) {
    const transactions = log.transactions(1 + dice.below(4))
    const [first] = transactions[0] ?? []
    if (first === undefined || (transactions.at(-1)?.[0]?.seq ?? 0) < from) continue
    const chunks = recut(dice, transactions.flat())
    const end = dice.oneIn(3) ? chunks.length - 1 : chunks.length
    for (const part of [chunks.slice(0, end), chunks.slice(end)]) {
      const acknowledged = part.at(-1)
      if (acknowledged === undefined) continue
      yield* archive.append(part)
      const ordinal = acknowledged.firstOrdinal + acknowledged.changes.length - 1
      writeSync(1, `${acknowledged.seq} ${ordinal}\n`)
    }
    const done = transactions.at(-1)
    const { mark } = yield* archive.recover
    if (done !== undefined && (mark?.seq ?? 0) <= (done[0]?.seq ?? 0))
      yield* archive.writeMark(markAfter(done))
  }
})

const layer = SqliteArchive.layer({
  file,
  source: "shop",
  retention: { maxBytes: 400_000, every: "1 second" }
})
await Effect.runPromise(write.pipe(Effect.provide(layer.pipe(Layer.provide(ActorSystem.layer)))))
