import { Effect, Stream } from "effect"
import { Archive } from "./Archive.ts"
import { LiveBuffer } from "./LiveBuffer.ts"
import type { LogError } from "./LogError.ts"

/**
 * Fills an empty live buffer with the archive's newest transactions, as many whole ones as fit into half of it, so
 * that people see the recent past right after a start. Runs before anything new is published.
 */
export const refillLiveBuffer: Effect.Effect<void, LogError, Archive | LiveBuffer> = Effect.gen(function* () {
  const archive = yield* Archive
  const buffer = yield* LiveBuffer
  const { firstSeq, nextSeq } = yield* archive.coverage
  const held = yield* buffer.coverage
  if (firstSeq === nextSeq || held.nextSeq > held.firstSeq) return
  const room = (yield* buffer.stats).maxChanges / 2

  let [low, high] = [firstSeq, nextSeq]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const { changes } = yield* archive.volume(middle, nextSeq)
    if (changes <= room) high = middle
    else low = middle + 1
  }
  yield* archive
    .read({ seq: low, ordinal: 0 }, nextSeq)
    .pipe(Stream.runForEach((chunks) => buffer.append(chunks)))
})
