import { Clock, Effect } from "effect"
import type { Mark } from "../domain/Log.ts"
import type { Micros } from "../domain/Micros.ts"
import type { Archive } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"
import { SpillGauge } from "../log/SpillGauge.ts"
import type { CoverageClock } from "./CoverageClock.ts"
import type { Frontier } from "./Frontier.ts"
import { IngestState } from "./IngestState.ts"
import type { LiveQueue } from "./LiveQueue.ts"
import type { SlotReader } from "./SlotReader.ts"

export interface MarkKeeperOptions {
  readonly archive: Archive["Service"]
  readonly frontier: Frontier
  readonly reader: Pick<SlotReader, "confirm" | "sendStatus">
  readonly coverage: CoverageClock
  readonly live: LiveQueue
  readonly incarnation: number
  readonly partitions: number
  /** The mark as it was found, or what is known at the beginning of a history. */
  readonly coverageTime: Micros
}

export interface MarkKeeper {
  /** Writes the mark if anything moved, and only then lets PostgreSQL forget. */
  readonly write: Effect.Effect<void, LogError>
  /** Once a second. A store that does not answer is asked again the next second. */
  readonly run: Effect.Effect<never, LogError>
}

/** Mark first, confirm after: what is confirmed is gone at the source, and the mark is how we know that we had it. */
export const makeMarkKeeper: (options: MarkKeeperOptions) => Effect.Effect<MarkKeeper, never, IngestState> =
  Effect.fnUntraced(function* (options) {
    const { archive, coverage, frontier, live, reader } = options
    const state = yield* IngestState
    const spill = yield* SpillGauge
    let written: Mark | null = null
    let coverageTime = options.coverageTime

    const writeMark = Effect.fnUntraced(function* (mark: Mark) {
      const begun = yield* Clock.currentTimeMillis
      yield* archive.writeMark(mark)
      state.timings.mark.observe(((yield* Clock.currentTimeMillis) - begun) / 1000)
    })

    const write = Effect.suspend(() => {
      const { endLsn, commitTime, mark } = frontier
      coverageTime = Math.max(coverageTime, commitTime ?? 0, coverage.reached(endLsn) ?? 0)
      if (written !== null && written.endLsn === endLsn && written.coverageTime === coverageTime)
        return Effect.void
      const next: Mark = {
        seq: mark.seq,
        commitLsn: mark.commitLsn,
        endLsn,
        partitions: options.partitions,
        coverageTime,
        incarnation: options.incarnation
      }
      return Effect.map(writeMark(next), () => {
        const moved = written?.endLsn !== next.endLsn
        written = next
        reader.confirm(next.endLsn)
        if (moved) reader.sendStatus(false)
        // A mark of the spill's is none that readers of the archive can see.
        if (spill.read()?.since == null) live.advance(next.coverageTime)
        state.update(() => ({ confirmed: next.endLsn, coverageTime: next.coverageTime }))
      })
    })

    return {
      write,
      run: write.pipe(
        Effect.catchIf(
          (error) => error.isRetryable,
          (error) => Effect.logWarning(`the mark is not written: ${error.message}`)
        ),
        Effect.andThen(Effect.sleep("1 second")),
        Effect.forever
      )
    }
  })
