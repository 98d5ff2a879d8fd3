import { Context, Effect, Layer } from "effect"
import { Archive } from "../log/Archive.ts"
import type { LogError } from "../log/LogError.ts"
import { historyParts } from "../replay/HistoryName.ts"
import type { JobStoreError } from "../replay/JobStore.ts"
import { type Hole, holesOf } from "./CoverageHoles.ts"
import { CoverageNotes } from "./CoverageNotes.ts"
import { type Gap, readGaps } from "./HistoryGaps.ts"
import { SourceView } from "./SourceView.ts"

/** What is not in the held history, though it happened. Asked once a second at most. */
export class HistoryHoles extends Context.Service<
  HistoryHoles,
  {
    /** Of single tables. */
    readonly read: Effect.Effect<ReadonlyArray<Hole>, LogError | JobStoreError>
    /** Of all tables: between two lives of the source. */
    readonly gaps: Effect.Effect<ReadonlyArray<Gap>, LogError>
  }
>()("walstream/control/HistoryHoles") {
  static readonly layer: Layer.Layer<HistoryHoles, never, Archive | CoverageNotes | SourceView> =
    Layer.effect(
      HistoryHoles,
      Effect.gen(function* () {
        const archive = yield* Archive
        const notes = yield* CoverageNotes
        const { source } = yield* SourceView
        const read = Effect.gen(function* () {
          const parts = historyParts(source, yield* archive.incarnations)
          const starts = yield* Effect.forEach(parts, ({ name, firstSeq }, i) => {
            const end = parts[i + 1]?.firstSeq ?? Number.POSITIVE_INFINITY
            return Effect.map(notes.starts(name), (noted) =>
              noted.filter(({ seq }) => seq >= firstSeq && seq < end)
            )
          })
          return holesOf(starts.flat(), (yield* archive.coverage).firstSeq)
        })
        return HistoryHoles.of({
          read: yield* Effect.cachedWithTTL(read, "1 second"),
          gaps: yield* Effect.cachedWithTTL(readGaps(archive), "1 second")
        })
      })
    )
}
