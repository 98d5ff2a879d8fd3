import type { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Stream, SubscriptionRef } from "effect"
import { coverageStartsOf } from "../ingest/CoverageStarts.ts"
import { IngestState } from "../ingest/IngestState.ts"
import { Archive } from "../log/Archive.ts"
import { historyName } from "../replay/HistoryName.ts"
import type { ActorSystem } from "../runtime/ActorSystem.ts"
import { spawnKept } from "../runtime/KeptActor.ts"
import { CoverageNotes } from "./CoverageNotes.ts"

/** How often capture is asked, and after how many rounds without news the place is noted all the same. */
const everyMillis = 1000
const quietRounds = 10

/** Before capture has begun a history there is nothing to name it by. */
const nameOf = (source: string) =>
  Effect.gen(function* () {
    const archive = yield* Archive
    for (;;) {
      const incarnations = yield* archive.incarnations
      if (incarnations.length > 0) return historyName(source, incarnations)
      yield* Effect.sleep(everyMillis)
    }
  })

/** Reads what was archived since the last note: a few seconds of history after a crash, all of it in a new control database. */
const catchUp = Effect.fnUntraced(function* (history: string) {
  const archive = yield* Archive
  const notes = yield* CoverageNotes
  const { firstSeq, nextSeq } = yield* archive.coverage
  const from = Math.max(firstSeq, (yield* notes.noted(history)) + 1)
  if (from >= nextSeq) return
  yield* archive.read({ seq: from, ordinal: 0 }, nextSeq).pipe(
    Stream.map(coverageStartsOf),
    Stream.filter((starts) => starts.length > 0),
    // Not "noted up to" before the end is reached: a chunk may end in the middle of a transaction.
    Stream.runForEach((starts) => notes.note(history, starts, 0))
  )
  yield* notes.note(history, [], nextSeq - 1)
})

/** Notes where tables join the history: what was missed first, then what capture tells, as it does. */
const keep = Effect.fnUntraced(function* (source: string) {
  const state = yield* IngestState
  const notes = yield* CoverageNotes
  let history = ""
  let told = 0
  let quiet = 0
  let last = 0
  for (;;) {
    // It may become another one behind an accepted hole.
    const name = yield* nameOf(source)
    if (name !== history) yield* catchUp(name)
    history = name
    // The seq before the starts: capture tells of the starts first.
    const { seq } = yield* state.figures
    const starts = yield* SubscriptionRef.get(state.coverageStarts)
    const isNews = starts.length > told
    quiet = isNews ? 0 : quiet + 1
    if (isNews || (quiet >= quietRounds && seq > last)) {
      yield* notes.note(history, starts.slice(told), seq)
      told = starts.length
      last = seq
      quiet = 0
    }
    yield* Effect.sleep(everyMillis)
  }
})

/** Beside capture: notes in the control database where tables join the history. */
export const layerCoverageKeeper = (
  source: string
): Layer.Layer<never, never, IngestState | Archive | PgClient.PgClient | ActorSystem> =>
  Layer.effectDiscard(spawnKept({ group: "coverage", name: "notes", run: keep(source) })).pipe(
    Layer.provide(CoverageNotes.layer)
  )
