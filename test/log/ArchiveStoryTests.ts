import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { sliceChunk } from "../../src/log/ChunkSlice.ts"
import { type ArchiveTests, type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { ArchiveModel } from "./ArchiveModel.ts"
import type { Dice } from "./Dice.ts"
import { RandomLog, type RandomTransaction, randomIncarnation, recut } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"

/** Everything that may be asked, at random places, against the plain model. */
const compare = Effect.fnUntraced(function* (
  archive: OpenArchive,
  whole: ReadonlyArray<RandomTransaction>,
  dice: Dice
) {
  const model = new ArchiveModel(whole)
  const { nextSeq } = model.coverage
  assert.deepStrictEqual(yield* archive.coverage, model.coverage)
  const [start, end] = [1 + dice.below(nextSeq), 1 + dice.below(nextSeq)]
  assertSameLog(yield* readRange(archive, { seq: start, ordinal: 0 }, end), model.between(start, end))
  const { changes, transactions } = yield* archive.volume(start, end)
  assert.deepStrictEqual({ transactions, changes }, model.volume(start, end))
  const some = whole[dice.below(whole.length)]?.[0]
  if (some === undefined) return
  const { commitTime, commitLsn, count } = some.commit
  for (const bound of [
    { _tag: "Time", time: commitTime + dice.below(3) - 1 },
    { _tag: "Lsn", lsn: commitLsn + BigInt(dice.below(3) - 1) }
  ] as const) {
    assert.strictEqual(yield* archive.resolve(bound), model.resolve(bound))
  }
  const ordinal = dice.below(count)
  const rest = model
    .between(some.seq, some.seq + 1)
    .filter((chunk) => chunk.firstOrdinal + chunk.changes.length > ordinal)
    .map((chunk) => sliceChunk(chunk, ordinal))
  assertSameLog(yield* readRange(archive, { seq: some.seq, ordinal }, some.seq + 1), rest)
})

/** A life of random appends and lives: repeated from any point not after the end, cut anew, ended anywhere. */
const story = Effect.fnUntraced(function* ({ fresh, opened }: ArchiveTests, seed: number) {
  const store = yield* fresh
  const log = new RandomLog({ seed })
  const { dice } = log
  const chunks = log.transactions(60).flat()
  let stored = 0
  yield* opened(store, (archive) => archive.beginIncarnation(randomIncarnation()))
  while (stored < chunks.length) {
    yield* opened(store, (archive) =>
      Effect.gen(function* () {
        for (let appends = 1 + dice.below(6); appends > 0 && stored < chunks.length; appends--) {
          const from = Math.max(0, stored - dice.below(dice.oneIn(4) ? 80 : 5))
          const until = Math.min(chunks.length, stored + dice.below(dice.oneIn(3) ? 40 : 4))
          yield* archive.append(recut(dice, chunks.slice(from, until)))
          stored = Math.max(stored, until)
          const whole = new Map<number, RandomTransaction>()
          for (const chunk of chunks.slice(0, stored)) {
            whole.set(chunk.seq, [...(whole.get(chunk.seq) ?? []), chunk])
          }
          const visible = [...whole.values()].filter((transaction) => transaction.at(-1)?.last)
          yield* compare(archive, visible, dice)
        }
      })
    )
  }
})

export const archiveStoryTests = (tests: ArchiveTests): void => {
  describe("any story of appends, repeats and new lives", () => {
    for (const seed of [1, 2, 3, 4]) {
      it.effect(`agrees with the plain model (seed ${seed})`, () => story(tests, seed))
    }
  })
}
