import { Effect, Layer } from "effect"
import type { Coverage } from "../domain/Log.ts"
import { hexLsn } from "../domain/Lsn.ts"
import type { ActorSystem } from "../runtime/ActorSystem.ts"
import { Archive, type Bound } from "./Archive.ts"
import { coverageStream } from "./CoverageStream.ts"
import type { LogError } from "./LogError.ts"
import { FileState } from "./sqlite/FileState.ts"
import { belowMark } from "./sqlite/FileWriter.ts"
import { type LogFileOptions, openLogFile } from "./sqlite/LogFile.ts"
import { readSegments } from "./sqlite/SegmentStream.ts"

const make = Effect.fnUntraced(function* (options: LogFileOptions) {
  const state = new FileState()
  const { file, reader } = yield* openLogFile(options, state)
  const coverage = Effect.sync((): Coverage => state.coverage)

  const resolve = Effect.fnUntraced(function* (bound: Bound) {
    const { firstSeq, nextSeq } = state.coverage
    const newest = state.held.incarnations.at(-1)
    let seq: number | null = null
    if (bound._tag === "Time") {
      seq = yield* reader.call("seqAtTime", { time: bound.time, fromSeq: firstSeq })
    } else if (newest !== undefined) {
      seq = yield* reader.call("seqAtLsn", {
        lsn: hexLsn(bound.lsn),
        incarnation: newest.number,
        fromSeq: Math.max(firstSeq, newest.firstSeq)
      })
    }
    return Math.min(seq ?? nextSeq, nextSeq)
  })

  const volume = Effect.fnUntraced(function* (start: number, end: number) {
    const { firstSeq, nextSeq } = state.coverage
    const [from, until] = [Math.max(start, firstSeq), Math.min(end, nextSeq)]
    if (from >= until) return { transactions: 0, changes: 0, bytes: 0 }
    return { transactions: until - from, ...(yield* reader.call("volume", { start: from, end: until })) }
  })

  return Archive.of({
    kind: "sqlite",
    recover: Effect.suspend(() => {
      const { mark, incarnations, last } = state.held
      return belowMark(state) ?? Effect.succeed({ mark, incarnations, last })
    }),
    append: file.append,
    writeMark: file.writeMark,
    beginIncarnation: file.beginIncarnation,
    incarnations: Effect.sync(() => state.held.incarnations),
    read: (from, end) => readSegments(state, reader, from, end),
    coverage,
    reach: Effect.void,
    coverageChanges: coverageStream(state.changed, coverage),
    resolve,
    volume
  })
})

/**
 * The archive in one SQLite file, for one process. The service is there when the file is open and its end is known.
 *
 * Fails with Corrupt when the file is none of ours, damaged or of a newer version, Conflict when it holds another
 * source's log, and Unavailable when it cannot be opened or another process has it. Each names the file.
 */
const layer = (options: LogFileOptions): Layer.Layer<Archive, LogError, ActorSystem> =>
  Layer.effect(Archive, make(options))

export const SqliteArchive = { layer }
