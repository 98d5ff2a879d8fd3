import { Context, Effect, Layer } from "effect"
import type { Coverage } from "../domain/Log.ts"
import { Archive } from "../log/Archive.ts"
import { LiveBuffer } from "../log/LiveBuffer.ts"
import { Targets } from "../replay/Target.ts"
import { coverageJson, incarnationJson } from "./api/CoverageJson.ts"
import { holeJson } from "./api/HoleJson.ts"
import { GapNotThere } from "./api/Problems.ts"
import { noteChange } from "./audit/AuditNote.ts"
import { isBroken } from "./doctor/Section.ts"
import { HistoryHoles } from "./HistoryHoles.ts"
import { ProcessList } from "./ProcessList.ts"
import { SourceGaps } from "./SourceGaps.ts"
import { SourceView } from "./SourceView.ts"
import { controlUnavailable, storeUnavailable } from "./StoreUnavailable.ts"
import { SystemDoctor } from "./SystemDoctor.ts"
import { SystemMetrics } from "./SystemMetrics.ts"

const nothingAt = (seq: number): Coverage => ({
  firstSeq: seq,
  nextSeq: seq,
  fromTime: null,
  toTime: null,
  toLsn: null
})

/** What is asked of the system itself, whichever way. */
export class SystemOperations extends Context.Service<SystemOperations>()(
  "walstream/control/SystemOperations",
  {
    make: Effect.gen(function* () {
      const processes = yield* ProcessList
      const metrics = yield* SystemMetrics
      const source = yield* SourceView
      const archive = yield* Archive
      const buffer = yield* LiveBuffer
      const targets = yield* Targets
      const history = yield* HistoryHoles
      const doctor = yield* SystemDoctor
      const gaps = yield* SourceGaps

      return {
        source: source.read,

        acceptGap: Effect.fnUntraced(
          function* (asked: { readonly gap: string; readonly reason: string }, by: string) {
            const { phase, gap, code, message } = yield* source.read
            if (phase !== "stopped" || gap === null) {
              return yield* new GapNotThere({ detail: `nothing is lost: capture is ${phase}` })
            }
            if (gap.id !== asked.gap) {
              return yield* new GapNotThere({ detail: `it has stopped at another one: ${message}` })
            }
            const accepted = yield* gaps.accept({
              source: source.source,
              gap: gap.id,
              incarnation: gap.incarnation,
              cause: code ?? "",
              message: message ?? "",
              from: gap.from_lsn,
              reason: asked.reason,
              by
            })
            const { source: name, reason, accepted_by, from_lsn, cause } = accepted
            yield* noteChange({
              target: gap.id,
              before: null,
              after: { source: name, reason, accepted_by, from_lsn, cause },
              // The first word stands.
              isUnchanged: reason !== asked.reason || accepted_by !== by
            })
            return accepted
          },
          Effect.catchTag("JobStoreError", controlUnavailable)
        ),

        coverage: Effect.gen(function* () {
          const stored = yield* archive.coverage
          // It may be away for long: everything else is told all the same.
          const live = yield* Effect.match(buffer.coverage, {
            onSuccess: (coverage) => ({ coverage, reason: null }),
            onFailure: ({ store, isRetryable }) => ({
              coverage: nothingAt(stored.nextSeq),
              reason: `the ${store} ${isRetryable ? "does not answer" : "cannot be read"}`
            })
          })
          return {
            archive: { kind: archive.kind, coverage: coverageJson(stored) },
            live_buffer: {
              kind: buffer.kind,
              coverage: coverageJson(live.coverage),
              reason: live.reason
            },
            incarnations: (yield* archive.incarnations).map(incarnationJson),
            holes: (yield* history.read).map(holeJson)
          }
        }).pipe(Effect.catchTags({ LogError: storeUnavailable, JobStoreError: controlUnavailable })),

        metrics: metrics.read,
        metricsHistory: metrics.history,
        actors: Effect.map(processes.read, (items) => ({ items })),
        doctor: Effect.map(doctor.examine, (sections) => ({ sections, healthy: !isBroken(sections) })),
        targets: Effect.succeed({ items: targets.names.map((name) => ({ name })) })
      }
    })
  }
) {
  static readonly layer = Layer.effect(this, this.make)
}
