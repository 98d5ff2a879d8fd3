import { assert } from "@effect/vitest"
import type { Change } from "../../src/domain/Change.ts"
import type { ArchivedChunk, Commit } from "../../src/domain/Transaction.ts"

/** A stretch of one transaction, wherever its chunks were cut. */
interface Stretch {
  readonly seq: number
  readonly incarnation: number
  readonly commit: Commit
  readonly firstOrdinal: number
  readonly changes: ReadonlyArray<Change>
  readonly last: boolean
}

/** Joins the chunks of each transaction; fails where they do not follow each other. */
const joined = (chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<Stretch> => {
  const stretches: Array<Stretch> = []
  for (const { seq, incarnation, commit, firstOrdinal, changes, last } of chunks) {
    const before = stretches.at(-1)
    assert.isAbove(changes.length, 0, `an empty chunk of ${seq}`)
    assert.strictEqual(last, firstOrdinal + changes.length === commit.count, `last of ${seq}`)
    if (before?.seq === seq) {
      assert.strictEqual(firstOrdinal, before.firstOrdinal + before.changes.length, `next ordinal of ${seq}`)
      stretches[stretches.length - 1] = { ...before, changes: [...before.changes, ...changes], last }
    } else {
      if (before !== undefined) {
        assert.strictEqual(seq, before.seq + 1, "next seq")
        assert.isTrue(before.last, `the end of ${before.seq}`)
        assert.strictEqual(firstOrdinal, 0, `the beginning of ${seq}`)
      }
      stretches.push({ seq, incarnation, commit, firstOrdinal, changes, last })
    }
  }
  return stretches
}

/** The same changes of the same commits in the same order. */
export const assertSameLog = (
  actual: ReadonlyArray<ArchivedChunk>,
  expected: ReadonlyArray<ArchivedChunk>
): void => assert.deepStrictEqual(joined(actual), joined(expected))

export const countChanges = (chunks: ReadonlyArray<ArchivedChunk>): number =>
  chunks.reduce((sum, chunk) => sum + chunk.changes.length, 0)
