import { Context, Effect, Layer } from "effect"
import { error, sortFindings } from "../ingest/doctor/Finding.ts"
import type { LogError } from "../log/LogError.ts"
import { JobStore, type JobStoreError } from "../replay/JobStore.ts"
import { type DatabasesToExamine, examineDatabases } from "./doctor/ExamineDatabases.ts"
import { examineInstance } from "./doctor/ExamineInstance.ts"
import type { Section } from "./doctor/Section.ts"
import { HistoryHoles } from "./HistoryHoles.ts"
import { JobViews } from "./JobViews.ts"
import { SourceView } from "./SourceView.ts"

/** Looks this instance and all of its databases over. Changes nothing; the databases are asked once in five seconds at most. */
export class SystemDoctor extends Context.Service<
  SystemDoctor,
  { readonly examine: Effect.Effect<ReadonlyArray<Section>> }
>()("walstream/control/SystemDoctor") {
  static readonly layer = (
    databases: DatabasesToExamine | null
  ): Layer.Layer<SystemDoctor, never, SourceView | HistoryHoles | JobStore | JobViews> =>
    Layer.effect(
      SystemDoctor,
      Effect.gen(function* () {
        const source = yield* SourceView
        const history = yield* HistoryHoles
        const store = yield* JobStore
        const views = yield* JobViews

        const instance = Effect.gen(function* () {
          const { items } = yield* store.list({
            statuses: ["running"],
            createdAfter: null,
            oldestFirst: false,
            limit: 200,
            cursor: null
          })
          return examineInstance({
            source: yield* source.read,
            holes: yield* history.read,
            gaps: yield* history.gaps,
            jobs: yield* views.show(items)
          })
        }).pipe(
          Effect.catch((failure: JobStoreError | LogError) =>
            Effect.succeed([error("unavailable", failure.message, null)])
          ),
          Effect.map(
            (findings): Section => ({ part: "instance", findings: sortFindings(findings), skipped: null })
          )
        )
        // Each look connects to all of them.
        const others = yield* Effect.cachedWithTTL(
          databases === null ? Effect.succeed([]) : examineDatabases(databases),
          "5 seconds"
        )
        return SystemDoctor.of({
          examine: Effect.map(Effect.all([instance, others], { concurrency: 2 }), ([own, rest]) => [
            own,
            ...rest
          ])
        })
      })
    )
}
