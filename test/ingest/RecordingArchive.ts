import { Effect, Latch, Layer, Stream } from "effect"
import type { Incarnation, Mark } from "../../src/domain/Log.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive, type ArchiveTail } from "../../src/log/Archive.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LogError } from "../../src/log/LogError.ts"
import { continueTail } from "../../src/log/Tail.ts"

/** An archive in memory that a test can look into, and make fail. Keeps to the port's rules for appending. */
export class RecordingArchive {
  readonly chunks: Array<ArchivedChunk> = []
  readonly marks: Array<Mark> = []
  incarnations: ReadonlyArray<Incarnation> = []
  last: ArchiveTail["last"] = null
  /** How many appends, and marks, fail before the next succeeds. */
  failAppends = 0
  failMarks = 0
  repeated = 0
  /** What it was told of before it was appended. */
  readonly prepared: Array<ReadonlyArray<ArchivedChunk>> = []
  /** Closed by a test to let appends wait. */
  readonly open = Latch.makeUnsafe(true)

  get transactions(): number {
    return this.chunks.filter((chunk) => chunk.last).length
  }

  get changes() {
    return this.chunks.flatMap((chunk) => chunk.changes)
  }

  readonly #unavailable = () =>
    new LogError({ store: "recording archive", reason: { _tag: "Unavailable", detail: "as the test says" } })

  readonly layer = Layer.succeed(Archive, {
    kind: "memory",
    incarnations: Effect.sync(() => this.incarnations),
    recover: Effect.sync(() => ({
      mark: this.marks.at(-1) ?? null,
      incarnations: this.incarnations,
      last: this.last
    })),
    append: (chunks) =>
      Effect.andThen(
        this.open.await,
        Effect.suspend(() => {
          if (this.failAppends > 0) {
            this.failAppends--
            return Effect.fail(this.#unavailable())
          }
          const next = continueTail(this.last, this.incarnations, chunks)
          if ("detail" in next) {
            return Effect.fail(
              new LogError({ store: "recording archive", reason: { _tag: "Conflict", ...next } })
            )
          }
          this.repeated += next.repeated.length
          this.chunks.push(...next.fresh)
          this.last = next.last
          return Effect.void
        })
      ),
    prepare: (chunks) =>
      Effect.sync(() => {
        this.prepared.push(chunks)
      }),
    writeMark: (mark) =>
      Effect.suspend(() => {
        if (this.failMarks > 0) {
          this.failMarks--
          return Effect.fail(this.#unavailable())
        }
        this.marks.push(mark)
        return Effect.void
      }),
    beginIncarnation: (incarnation) =>
      Effect.sync(() => {
        this.incarnations = [...this.incarnations, incarnation]
      }),
    read: () => Stream.empty,
    coverage: Effect.sync(() => ({ firstSeq: 1, nextSeq: 1, fromTime: null, toTime: null, toLsn: null })),
    reach: Effect.void,
    coverageChanges: Stream.empty,
    resolve: () => Effect.succeed(1),
    volume: () => Effect.succeed({ transactions: 0, changes: 0, bytes: 0 })
  })
}

/** A live buffer that takes everything and holds nothing. */
export const swallowingBuffer = Layer.succeed(LiveBuffer, {
  kind: "memory",
  append: () => Effect.void,
  advance: () => Effect.void,
  coverage: Effect.succeed({ firstSeq: 1, nextSeq: 1, fromTime: null, toTime: null, toLsn: null }),
  read: () => Stream.empty,
  recent: () => Effect.succeed([]),
  stats: Effect.succeed({ changes: 0, bytes: 0, maxChanges: 1000 })
})
