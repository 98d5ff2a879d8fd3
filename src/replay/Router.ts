import { Effect } from "effect"
import type { Speed, StoreKind } from "../domain/Job.ts"
import type { Coverage, SeqRange } from "../domain/Log.ts"
import { type Micros, microsFromMillis } from "../domain/Micros.ts"
import { Archive } from "../log/Archive.ts"
import { type BufferStats, LiveBuffer } from "../log/LiveBuffer.ts"
import type { LogError } from "../log/LogError.ts"

/** What the choice between live buffer and archive rests on. */
export interface RouteFacts {
  readonly archive: StoreKind
  readonly buffer: StoreKind
  readonly range: SeqRange
  readonly speed: Speed
  /** What the live buffer holds; null when it cannot be asked. */
  readonly held: { readonly coverage: Coverage; readonly stats: BufferStats } | null
  /** Changes from the window's start to its end, and from its start to the buffer's newest. */
  readonly windowChanges: number
  readonly changesSinceStart: number
  /** Bounds on commit times by the window; null where it has none. */
  readonly startTime: Micros | null
  readonly endTime: Micros | null
  readonly now: Micros
  readonly maxAgeSeconds: number
}

export interface Route {
  readonly store: StoreKind
  /** In words, for people. */
  readonly reason: string
}

/** Reading and trimming both are estimates: what is read must be safe by this factor. */
const margin = 2

/** Why the live buffer will lose part of the window before it is read, or undefined. */
const trimmedFirst = (facts: RouteFacts, coverage: Coverage, stats: BufferStats): string | undefined => {
  const { speed, windowChanges, changesSinceStart } = facts
  const heldMillis = Math.max(1, ((coverage.toTime ?? 0) - (coverage.fromTime ?? 0)) / 1000)
  const changesPerMilli = stats.changes / heldMillis
  const untilTrimmed = (changesAfter: number): number =>
    (stats.maxChanges - changesAfter) / Math.max(changesPerMilli, 1e-9)
  const start = Math.max(facts.startTime ?? 0, coverage.fromTime ?? 0)
  const end = Math.min(facts.endTime ?? Number.POSITIVE_INFINITY, coverage.toTime ?? 0)
  const reading = speed === "max" ? 0 : Math.max(0, end - start) / 1000 / speed
  // Trimming follows the same changes in the same order: if it is behind at both edges, it is behind in between.
  const atStart = untilTrimmed(changesSinceStart)
  const atEnd = untilTrimmed(changesSinceStart - windowChanges)
  if (atStart > 1000 * margin && atEnd > reading * margin) return undefined
  return `it would be trimmed before it is read (${Math.ceil(reading / 1000)} s to read at ${speed === "max" ? "full speed" : `${speed}x`})`
}

/** The live buffer for a small, young, closed window that it holds whole and keeps long enough; else the archive. */
export const chooseRoute = (facts: RouteFacts): Route => {
  const { range, held, buffer } = facts
  const archive = (reason: string): Route => ({ store: facts.archive, reason: `archive: ${reason}` })
  if (range.end === null) return archive("the window is open")
  if (held === null) return archive(`the live buffer (${buffer}) does not answer`)
  const { coverage, stats } = held
  if (range.start < coverage.firstSeq || range.end > coverage.nextSeq) {
    return archive("the live buffer does not hold the whole window")
  }
  const start = Math.max(facts.startTime ?? 0, coverage.fromTime ?? 0)
  if (facts.now - start > facts.maxAgeSeconds * 1_000_000) {
    return archive(`the window starts more than ${facts.maxAgeSeconds} s ago`)
  }
  if (facts.windowChanges * 2 > stats.maxChanges) {
    return archive(`${facts.windowChanges} changes are more than half of the live buffer`)
  }
  const trimmed = trimmedFirst(facts, coverage, stats)
  if (trimmed !== undefined) return archive(`${trimmed} from the live buffer`)
  return {
    store: buffer,
    reason: `live buffer: holds all ${facts.windowChanges} changes of the window, and keeps them until they are read`
  }
}

/** Asks both stores and chooses. A live buffer that fails is no reason to fail: the archive has everything. */
export const route = Effect.fnUntraced(function* (window: {
  readonly range: SeqRange
  readonly speed: Speed
  readonly startTime: Micros | null
  readonly endTime: Micros | null
  readonly maxAgeSeconds: number
}): Effect.fn.Return<Route, LogError, Archive | LiveBuffer> {
  const archive = yield* Archive
  const buffer = yield* LiveBuffer
  const { start, end } = window.range
  const held = yield* Effect.all({ coverage: buffer.coverage, stats: buffer.stats }).pipe(
    Effect.orElseSucceed(() => null)
  )
  const isHeld =
    end !== null && held !== null && start >= held.coverage.firstSeq && end <= held.coverage.nextSeq
  const changesIn = (until: number) => Effect.map(archive.volume(start, until), (volume) => volume.changes)
  return chooseRoute({
    ...window,
    archive: archive.kind,
    buffer: buffer.kind,
    held,
    windowChanges: isHeld ? yield* changesIn(end) : 0,
    changesSinceStart: isHeld ? yield* changesIn(held.coverage.nextSeq) : 0,
    now: yield* Effect.clockWith((clock) => Effect.map(clock.currentTimeMillis, microsFromMillis))
  })
})
