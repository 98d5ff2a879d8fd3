import { Effect, type Redacted, Stream } from "effect"
import type { MismatchMode } from "../../src/domain/Job.ts"
import { origin, type Position } from "../../src/domain/Position.ts"
import type { Archive } from "../../src/log/Archive.ts"
import { filterText } from "../../src/replay/Attempt.ts"
import { Targets } from "../../src/replay/Target.ts"
import { configuredTargets } from "../../src/replay/target/ConfiguredTargets.ts"
import { sourceId } from "./Captured.ts"

/** Applies all of an archive to a target, page by page as they come: what a job at speed "max" does. */
export const replayed = (archive: Archive["Service"], target: Redacted.Redacted, onMismatch: MismatchMode) =>
  Effect.gen(function* () {
    const targets = yield* Targets
    const session = yield* targets.open("default", false, {
      jobId: "fidelity",
      source: sourceId,
      epoch: 1,
      startSeq: 1,
      filterText: filterText({ tables: null, operations: null }),
      dedupe: "target",
      onMismatch,
      skips: []
    })
    yield* session.position
    const { nextSeq } = yield* archive.coverage
    let follows: Position = origin
    let converged = 0
    yield* archive.read({ seq: 1, ordinal: 0 }, nextSeq).pipe(
      Stream.runForEach((chunks) =>
        Effect.gen(function* () {
          const last = chunks.at(-1)
          if (last === undefined) return
          const until = { seq: last.seq, ordinal: last.firstOrdinal + last.changes.length - 1 }
          converged += (yield* session.apply({ chunks, follows, until, goesOn: false })).converged
          follows = until
        })
      )
    )
    return { converged }
  }).pipe(Effect.provide(configuredTargets({ targets: { default: target }, source: null })), Effect.scoped)
