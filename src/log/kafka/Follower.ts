import { Clock, Effect } from "effect"
import type { LogError } from "../LogError.ts"
import type { Intervals } from "./Intervals.ts"
import { attempt } from "./KafkaFault.ts"
import { type KafkaLog, readFrom } from "./KafkaLog.ts"
import type { PartitionReader } from "./PartitionReader.ts"
import { RowScan } from "./RowScan.ts"

/** How long a fetch waits for something new, in ms. The broker answers as soon as there is. */
const waitMs = 1000

/** Moves a reading process's knowledge of the log with what the writer appends; heads only. Never ends by itself. */
export const followLog = Effect.fnUntraced(function* (
  log: KafkaLog,
  intervals: Intervals
): Effect.fn.Return<never, LogError> {
  const { state, options } = log

  /** Says whether to go on; if not, the log is read again from its last whole transaction. */
  const advance = async (reader: PartitionReader, scan: RowScan): Promise<boolean> => {
    let moved = false
    const lives = state.meta.incarnations.length
    for (let record = reader.take(); record !== undefined; record = reader.take()) {
      if (record.incarnation !== state.meta.incarnationOf(record.seq)) {
        // A new life has begun: what the one before left unfinished may have been taken for its own.
        await log.meta.refresh()
        if (lives === state.meta.incarnations.length)
          throw new Error("a life of the source that was never begun")
        return false
      }
      const row = scan.take(record)
      if (row === undefined) continue
      state.addRow(row)
      moved = true
    }
    if (moved) {
      for (const { after, rows } of state.adoptPlaces()) intervals.put(after, rows)
      state.showMark()
      state.changed.notify()
    }
    await reader.fill(waitMs)
    return lives === state.meta.incarnations.length
  }

  const follow = Effect.acquireUseRelease(
    Effect.sync(() => {
      const start = { seq: state.nextSeq, ordinal: 0 }
      return readFrom(log, state.meta.places.before(start.seq), start)
    }),
    (reader) => {
      const scan = new RowScan()
      return Effect.repeat(
        attempt(options.topic, () => advance(reader, scan)),
        { while: (goesOn) => goesOn }
      )
    },
    (reader) => Effect.promise(() => reader.close())
  )
  return yield* Effect.forever(follow)
})

/** Keeps marks, schema versions and incarnations in step. Never ends by itself. */
export const followMeta = ({ state, meta, options }: KafkaLog): Effect.Effect<never, LogError> =>
  Effect.forever(
    Effect.zipWith(
      attempt(options.topic, () => meta.follow(waitMs)),
      Clock.currentTimeMillis,
      (came, now) => {
        state.heardAt = now
        if (!came) return
        state.showMark()
        state.changed.notify()
      }
    )
  )
