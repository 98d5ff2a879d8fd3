import { Clock, Effect, type Redacted, Schedule, Stream, SubscriptionRef } from "effect"
import type { Lsn } from "../domain/Lsn.ts"
import type { Micros } from "../domain/Micros.ts"
import type { CoverageClock } from "./CoverageClock.ts"
import { IngestState, isAttached } from "./IngestState.ts"
import { readSlot } from "./Slot.ts"
import { readSourceClock } from "./SourceClock.ts"
import { connectSource } from "./SourceSession.ts"
import { WalRate } from "./WalRate.ts"

/** The slot as the source sees it. */
export interface SourceStatus {
  readonly currentLsn: Lsn
  /** The source's own clock. */
  readonly time: Micros
  /** WAL between what is confirmed and the log's end. */
  readonly lagBytes: number
  /** WAL that the server keeps for the slot. */
  readonly retainedBytes: number
  /** `reserved`, `extended`, `unreserved`, `lost`, or null where there is no slot. */
  readonly walStatus: string | null
  /** What may still be written before the slot is in danger; null when nothing bounds it. */
  readonly safeBytes: number | null
  /** How long that takes if the slot moves no more and WAL is written as in the last minutes; null when that is not known. */
  readonly secondsUntilLost: number | null
  /** Whether the server lets go of what it kept for the slot; null as long as that is not known. */
  readonly advances: boolean | null
  readonly active: boolean
  /** Milliseconds of our clock when it was read. */
  readonly readAt: number
}

/** Asks the source again and again, on a connection of its own, once capture was let in. */
export const watchSource = Effect.fnUntraced(function* (
  options: {
    readonly url: Redacted.Redacted
    readonly sourceId: string
    readonly slot: string
    readonly every: number
  },
  coverage: CoverageClock
) {
  const state = yield* IngestState
  yield* SubscriptionRef.changes(state.phase).pipe(Stream.takeUntil(isAttached), Stream.runDrain)
  const session = yield* connectSource(options, "status")
  const wal = new WalRate()
  const ask = Effect.gen(function* () {
    const clock = yield* readSourceClock(session)
    coverage.observe(clock.lsn, clock.time)
    const slot = yield* readSlot(session, options.slot)
    const readAt = yield* Clock.currentTimeMillis
    const confirmed = slot?.confirmedLsn ?? null
    const restart = slot?.restartLsn ?? null
    if (restart === null) wal.clear()
    else wal.observe({ at: readAt, end: clock.lsn, restart })
    yield* SubscriptionRef.set(state.source, {
      currentLsn: clock.lsn,
      time: clock.time,
      lagBytes: confirmed === null ? 0 : Math.max(0, Number(clock.lsn - confirmed)),
      retainedBytes: slot?.retainedBytes ?? 0,
      walStatus: slot?.walStatus ?? null,
      safeBytes: slot?.safeBytes ?? null,
      secondsUntilLost: wal.secondsUntilLost(slot?.safeBytes ?? null),
      advances: wal.advances,
      active: slot !== undefined && slot.activePid !== null,
      readAt
    })
  })
  return yield* Effect.repeat(ask, Schedule.spaced(options.every))
})
