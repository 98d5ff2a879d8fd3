import { Effect, Layer, Stream } from "effect"
import type { StoreKind } from "../../src/domain/Job.ts"
import type { Coverage, Incarnation, ReadHints } from "../../src/domain/Log.ts"
import type { Lsn } from "../../src/domain/Lsn.ts"
import type { Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { endOrdinal } from "../../src/log/ChunkSlice.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LogError, type LogErrorReason } from "../../src/log/LogError.ts"
import { Wakeup } from "../../src/log/Wakeup.ts"

/** The life that all of `History` is in. */
export const life: Incarnation = {
  number: 1,
  systemIdentifier: "7001",
  timeline: 1,
  database: "shop",
  slot: "walstream",
  firstSeq: 1,
  startLsn: 0x10n,
  gap: null
}

/** A store of chunks in memory that a test can fill, cut and break. Serves as archive and as live buffer. */
export class FakeLog {
  readonly kind: StoreKind
  /** Pages as the store would give them. */
  pages: Array<ReadonlyArray<ArchivedChunk>> = []
  firstSeq = 1
  toTime: number | null = null
  toLsn: Lsn | null = null
  incarnations: ReadonlyArray<Incarnation> = [life]
  /** The next reads fail with these, before anything is given. */
  failures: Array<LogErrorReason> = []
  /** Fails when a reader comes to this seq. */
  breaksAt: { readonly seq: number; readonly reason: LogErrorReason } | null = null
  maxChanges = 1000
  /** Where reads began. */
  readonly reads: Array<Position> = []
  /** What came with them. */
  readonly hints: Array<ReadHints | undefined> = []
  /** By seq. */
  readonly #logTimes = new Map<number, number>()
  readonly #moved = new Wakeup()

  constructor(kind: StoreKind) {
    this.kind = kind
  }

  add(page: ReadonlyArray<ArchivedChunk>): void {
    this.pages.push(page)
    for (const chunk of page) {
      this.toTime = Math.max(this.toTime ?? 0, chunk.commit.commitTime)
      this.#logTimes.set(chunk.seq, this.toTime)
    }
    this.#moved.notify()
  }

  /** The source is idle, and its log complete up to here. */
  advance(time: number): void {
    this.toTime = Math.max(this.toTime ?? 0, time)
    this.#moved.notify()
  }

  /** The source is idle, and all that committed below this is in its log. */
  reach(lsn: Lsn): void {
    this.toLsn = lsn
    this.#moved.notify()
  }

  #logTime(seq: number): number {
    return this.#logTimes.get(seq) ?? 0
  }

  get #chunks(): ReadonlyArray<ArchivedChunk> {
    return this.pages.flat().filter((chunk) => chunk.seq >= this.firstSeq)
  }

  get coverageNow(): Coverage {
    const whole = this.#chunks.filter((chunk) => chunk.last)
    const first = this.#chunks[0]
    return {
      firstSeq: this.firstSeq,
      nextSeq: (whole.at(-1)?.seq ?? this.firstSeq - 1) + 1,
      fromTime:
        first === undefined ? null : Math.max(first.commit.commitTime, this.#logTime(first.seq - 1) + 1),
      toTime: this.toTime,
      toLsn: this.toLsn
    }
  }

  #error(reason: LogErrorReason): LogError {
    return new LogError({ store: this.kind, reason })
  }

  readonly read = (
    from: Position,
    end: number | null,
    hints?: ReadHints
  ): Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError> =>
    Stream.suspend(() => {
      this.reads.push(from)
      this.hints.push(hints)
      const failure = this.failures.shift()
      if (failure !== undefined) return Stream.fail(this.#error(failure))
      if (from.seq < this.firstSeq) {
        return Stream.fail(this.#error({ _tag: "Missing", from: from.seq, until: this.firstSeq }))
      }
      let index = 0
      const pull: Effect.Effect<ReadonlyArray<ArchivedChunk>, LogError> = Effect.suspend(() => {
        const next = this.#moved.next
        const page = this.pages[index]
        if (page === undefined) return Effect.andThen(next, pull)
        index += 1
        const wanted = page.filter(
          (chunk) =>
            (end === null || chunk.seq < end) &&
            (chunk.seq > from.seq || (chunk.seq === from.seq && endOrdinal(chunk) > from.ordinal))
        )
        const broken = this.breaksAt
        if (broken !== null && wanted.some((chunk) => chunk.seq >= broken.seq)) {
          return Effect.fail(this.#error(broken.reason))
        }
        return wanted.length === 0 && !this.#isBehind(index, end) ? pull : Effect.succeed(wanted)
      })
      return this.#isBehind(0, end)
        ? Stream.empty
        : Stream.fromEffectRepeat(pull).pipe(
            Stream.takeUntil(() => this.#isBehind(index, end)),
            Stream.filter((page) => page.length > 0)
          )
    })

  /** Whether all that a closed read wants lies in pages before `index`. */
  #isBehind(index: number, end: number | null): boolean {
    if (end === null) return false
    return !this.pages.slice(index).some((page) => page.some((chunk) => chunk.seq < end))
  }

  get archive() {
    const coverage = Effect.sync(() => this.coverageNow)
    return Layer.succeed(
      Archive,
      Archive.of({
        kind: this.kind,
        recover: Effect.die("not part of replay"),
        incarnations: Effect.sync(() => this.incarnations),
        append: () => Effect.die("not part of replay"),
        writeMark: () => Effect.die("not part of replay"),
        beginIncarnation: () => Effect.die("not part of replay"),
        read: this.read,
        coverage,
        reach: Effect.void,
        coverageChanges: Stream.concat(
          Stream.fromEffect(coverage),
          Stream.fromEffectRepeat(Effect.suspend(() => Effect.andThen(this.#moved.next, coverage)))
        ),
        resolve: (bound) =>
          Effect.sync(() => {
            const found = this.#chunks.find(({ seq, commit }) =>
              bound._tag === "Time" ? this.#logTime(seq) >= bound.time : commit.commitLsn >= bound.lsn
            )
            return found?.seq ?? this.coverageNow.nextSeq
          }),
        volume: (start, end) =>
          Effect.sync(() => {
            const within = this.#chunks.filter((chunk) => chunk.seq >= start && chunk.seq < end)
            return {
              transactions: new Set(within.map((chunk) => chunk.seq)).size,
              changes: within.reduce((sum, chunk) => sum + chunk.changes.length, 0),
              bytes: within.reduce((sum, chunk) => sum + chunk.bytes, 0)
            }
          })
      })
    )
  }

  get buffer() {
    return Layer.succeed(
      LiveBuffer,
      LiveBuffer.of({
        kind: this.kind,
        append: () => Effect.die("not part of replay"),
        advance: () => Effect.die("not part of replay"),
        coverage: Effect.suspend(() => {
          const failure = this.failures[0]
          return failure === undefined ? Effect.succeed(this.coverageNow) : Effect.fail(this.#error(failure))
        }),
        read: this.read,
        recent: () => Effect.die("not part of replay"),
        stats: Effect.sync(() => ({
          changes: this.#chunks.reduce((sum, chunk) => sum + chunk.changes.length, 0),
          bytes: 0,
          maxChanges: this.maxChanges
        }))
      })
    )
  }
}
