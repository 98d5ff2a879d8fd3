import { Effect } from "effect"
import { changeCount } from "../domain/Transaction.ts"
import { LiveBuffer } from "../log/LiveBuffer.ts"
import { refillLiveBuffer } from "../log/LiveBufferRefill.ts"
import { reconnect } from "../runtime/RetryPolicy.ts"
import { IngestState } from "./IngestState.ts"
import type { LiveQueue, LiveStep } from "./LiveQueue.ts"

/**
 * Writes to the live buffer what the archive has. A buffer that does not answer is asked again for ever; meanwhile
 * its queue overflows and drops, and capture goes on.
 */
export const writeLive = Effect.fnUntraced(function* (queue: LiveQueue) {
  const buffer = yield* LiveBuffer
  const state = yield* IngestState
  const step = (next: LiveStep) =>
    next._tag === "Advance"
      ? buffer.advance(next.time)
      : Effect.map(buffer.append(next.chunks), () => {
          let changes = 0
          for (const chunk of next.chunks) changes += changeCount(chunk)
          state.update((figures) => ({ liveChanges: figures.liveChanges + changes }))
        })
  const patiently = (next: LiveStep) =>
    step(next).pipe(
      Effect.tapError((error) => Effect.logWarning(`the live buffer waits: ${error.message}`)),
      Effect.retry({ schedule: reconnect, while: (error) => error.isRetryable })
    )

  yield* refillLiveBuffer
  return yield* queue.take.pipe(
    Effect.flatMap((steps) => Effect.forEach(steps, patiently, { discard: true })),
    Effect.forever
  )
})
