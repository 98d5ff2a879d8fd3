import { Clock, Effect, type Redacted, Schedule, Stream, SubscriptionRef } from "effect"
import type { CoverageClock } from "./CoverageClock.ts"
import { isAttached } from "./IngestPhase.ts"
import { IngestState } from "./IngestState.ts"
import { readSlot } from "./Slot.ts"
import { readSourceClock } from "./SourceClock.ts"
import { connectSource } from "./SourceSession.ts"
import { WalRate } from "./WalRate.ts"

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
