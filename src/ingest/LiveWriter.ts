import { Clock, Effect } from "effect"
import { type ArchivedChunk, changeCount } from "../domain/Transaction.ts"
import { LiveBuffer } from "../log/LiveBuffer.ts"
import { refillLiveBuffer } from "../log/LiveBufferRefill.ts"
import type { LogError } from "../log/LogError.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { IngestState } from "./IngestState.ts"
import { joinAppends } from "./JoinAppends.ts"
import type { LiveQueue, LiveStep } from "./LiveQueue.ts"

const withFix = ({ message, fix }: LogError): string => (fix === null ? message : `${message}. ${fix}`)

/**
 * Writes to the live buffer what the archive has. A buffer that does not answer is asked again for ever; meanwhile
 * its queue overflows and drops, and capture goes on. Such an outage is told once, and so is its end.
 */
export const writeLive = Effect.fnUntraced(function* (queue: LiveQueue) {
  const buffer = yield* LiveBuffer
  const state = yield* IngestState
  const append = Effect.fnUntraced(function* (chunks: ReadonlyArray<ArchivedChunk>) {
    const begun = yield* Clock.currentTimeMillis
    yield* buffer.append(chunks)
    state.timings.live.observe(((yield* Clock.currentTimeMillis) - begun) / 1000)
    let changes = 0
    for (const chunk of chunks) changes += changeCount(chunk)
    state.update((figures) => ({ liveChanges: figures.liveChanges + changes }))
  })
  const step = (next: LiveStep) => (next._tag === "Advance" ? buffer.advance(next.time) : append(next.chunks))
  const patiently = Effect.fnUntraced(function* (next: LiveStep) {
    let failedAt: number | null = null
    yield* step(next).pipe(
      Effect.tapError(
        Effect.fnUntraced(function* (error) {
          const said = `the live buffer waits: ${withFix(error)}`
          if (failedAt !== null) return yield* Effect.logDebug(said)
          failedAt = yield* Clock.currentTimeMillis
          yield* Effect.logWarning(said)
        })
      ),
      Effect.retry({ schedule: reconnect, while: (error) => error.isRetryable })
    )
    if (failedAt === null) return
    const seconds = Math.round(((yield* Clock.currentTimeMillis) - failedAt) / 1000)
    yield* Effect.logInfo(`the live buffer goes on after ${seconds} s`)
  })

  yield* refillLiveBuffer
  return yield* queue.take.pipe(
    Effect.flatMap((steps) => Effect.forEach(joinAppends(steps), patiently, { discard: true })),
    Effect.forever
  )
})
