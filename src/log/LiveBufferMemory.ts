import { Effect, Layer, Stream } from "effect"
import * as Cause from "effect/Cause"
import type { SeqRange } from "../domain/Log.ts"
import type { Position } from "../domain/Position.ts"
import type { ArchivedChunk } from "../domain/Transaction.ts"
import { LiveBuffer } from "./LiveBuffer.ts"
import { LogError } from "./LogError.ts"
import { ChunkRing } from "./memory/ChunkRing.ts"
import { Wakeup } from "./Wakeup.ts"

interface LiveBufferMemoryOptions {
  /** The bound on changes. */
  readonly maxChanges: number
  /** The bound on bytes, as chunks count them. */
  readonly maxBytes: number
}

/** How many changes one element of a read has, about. */
const pageChanges = 500

const readRing = (
  ring: ChunkRing,
  changed: Wakeup,
  from: Position,
  end: SeqRange["end"]
): Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError> =>
  Stream.suspend(() => {
    let position = from
    const pull = Effect.gen(function* () {
      for (;;) {
        const next = changed.next
        const page = ring.read(position, end, pageChanges)
        switch (page._tag) {
          case "Chunks":
            position = page.next
            return [page.chunks] as const
          case "End":
            return yield* Cause.done()
          case "Missing":
            return yield* new LogError({ store: "memory buffer", reason: page })
          case "Wait":
            yield* next
        }
      }
    })
    return Stream.fromPull(Effect.succeed(pull))
  })

const make = (options: LiveBufferMemoryOptions) => {
  const ring = new ChunkRing({ changes: options.maxChanges, bytes: options.maxBytes })
  const changed = new Wakeup()
  const change = (work: () => void) =>
    Effect.sync(() => {
      work()
      changed.notify()
    })
  return LiveBuffer.of({
    kind: "memory",
    append: (chunks) =>
      change(() => {
        for (const chunk of chunks) ring.append(chunk)
      }),
    advance: (time) => change(() => ring.advance(time)),
    coverage: Effect.sync(() => ring.coverage),
    read: (from, end) => readRing(ring, changed, from, end),
    recent: (changes) => Effect.sync(() => ring.recent(changes)),
    stats: Effect.sync(() => ({
      changes: ring.changes,
      bytes: ring.bytes,
      maxChanges: ring.limits.changes
    }))
  })
}

/** The recent tail in this process's memory. Starts empty; never fails but with Missing. */
const layer = (options: LiveBufferMemoryOptions): Layer.Layer<LiveBuffer> =>
  Layer.sync(LiveBuffer, () => make(options))

export const LiveBufferMemory = { layer }
