import { Effect } from "effect"
import type { Filter } from "../../domain/Filter.ts"
import { comparePosition, type Position } from "../../domain/Position.ts"
import type { ApplyOptions } from "../Target.ts"
import type { TargetErrorReason } from "../TargetError.ts"
import { findKeysStatement, keysOf, readMarks, siftByMarks } from "./EventKeys.ts"
import type { Failure, Holder } from "./Holder.ts"
import { findOverlap, judge } from "./Intervals.ts"
import type { Piece } from "./Isolation.ts"
import { locate, type Sifted, sift } from "./Stretch.ts"
import type { TargetConnection } from "./TargetConnection.ts"

/** Keeps back what the target has from others: other jobs of the same source, and changes applied by themselves. */
export interface Sieve {
  /** Fails where others have applied what comes after the first change of a job that stands here. */
  readonly check: (stands: Position | null) => Effect.Effect<void, TargetErrorReason>
  /** Leaves out what others have applied, and refuses what is older than that. */
  readonly sift: (connection: TargetConnection, piece: Piece) => Effect.Effect<Sifted, Failure>
}

export const makeSieve = (options: ApplyOptions, filter: Filter, holder: Holder): Sieve => {
  if (options.dedupe !== "target") {
    return {
      check: () => Effect.void,
      sift: (_, { chunks }) => Effect.succeed({ stretches: chunks, duplicates: 0, older: null })
    }
  }

  const siftByIntervals = ({ chunks }: Piece): Effect.Effect<Sifted, TargetErrorReason> => {
    const [first] = chunks
    const all: Sifted = { stretches: chunks, duplicates: 0, older: null }
    if (first === undefined) return Effect.succeed(all)
    const start = { seq: first.seq, ordinal: first.firstOrdinal }
    const ahead = holder.intervals().filter(({ to }) => comparePosition(to, start) >= 0)
    if (ahead.length === 0) return Effect.succeed(all)
    const sifted = sift(chunks, (table, operation, at) => judge(ahead, table, operation, at))
    if (sifted.older === null) return Effect.succeed(sifted)
    const from = sifted.older.seq
    return Effect.fail({
      _tag: "Overlap",
      ...(findOverlap(ahead, filter, from) ?? { from, until: from + 1 })
    })
  }

  return {
    check: (stands) => {
      const start = stands === null ? options.startSeq : stands.seq + 1
      const overlap = findOverlap(holder.intervals(), filter, start)
      return overlap === undefined ? Effect.void : Effect.fail({ _tag: "Overlap", ...overlap })
    },
    sift: Effect.fnUntraced(function* (connection, piece) {
      const sifted = yield* siftByIntervals(piece)
      const { stretches, duplicates } = sifted
      const [first] = stretches
      if (!holder.hasEventKeys() || first === undefined) return sifted
      const from = { seq: first.seq, ordinal: first.firstOrdinal }
      const keys = locate(stretches).flatMap(({ change }) => keysOf(change))
      const [found] = yield* connection.send([findKeysStatement(options.source, from, piece.until, keys)])
      const rest = siftByMarks(stretches, readMarks(found?.rows ?? []))
      if (rest.older === null) return { ...rest, duplicates: duplicates + rest.duplicates }
      const { seq } = rest.older
      return yield* Effect.fail<Failure>({ _tag: "Overlap", from: seq, until: seq + 1 })
    })
  }
}
