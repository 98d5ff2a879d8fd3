import { Effect, Stream } from "effect"
import { Archive } from "./Archive.ts"
import { LiveBuffer } from "./LiveBuffer.ts"
import type { LogError } from "./LogError.ts"

/**
 * Gives the live buffer the archive's newest transactions that it lacks, as many whole ones as fit into half of it, so
 * that people see the recent past right after a start. One that outlived the last process goes on where it ended: what
 * was archived and not written there any more would else be a hole. Runs before anything new is published.
 */
export const refillLiveBuffer: Effect.Effect<void, LogError, Archive | LiveBuffer> = Effect.gen(function* () {
  const archive = yield* Archive
  const buffer = yield* LiveBuffer
  const { firstSeq, nextSeq } = yield* archive.coverage
  const held = yield* buffer.coverage
  const lacks = held.nextSeq > held.firstSeq ? Math.max(firstSeq, held.nextSeq) : firstSeq
  if (lacks >= nextSeq) return
  const room = (yield* buffer.stats).maxChanges / 2

  let [low, high] = [lacks, nextSeq]
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
