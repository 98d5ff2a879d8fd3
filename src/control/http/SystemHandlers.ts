import { Clock, Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Archive } from "../../log/Archive.ts"
import { LiveBuffer } from "../../log/LiveBuffer.ts"
import { Targets } from "../../replay/Target.ts"
import { ActorSystem } from "../../runtime/ActorSystem.ts"
import { actorJson } from "../api/ActorJson.ts"
import { coverageJson, incarnationJson } from "../api/CoverageJson.ts"
import { holeJson } from "../api/HoleJson.ts"
import { Principal } from "../api/Principal.ts"
import { GapNotThere } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { isBroken } from "../doctor/Section.ts"
import { HistoryHoles } from "../HistoryHoles.ts"
import { Processes } from "../Processes.ts"
import { SourceGaps } from "../SourceGaps.ts"
import { SourceView } from "../SourceView.ts"
import { SystemDoctor } from "../SystemDoctor.ts"
import { ThisProcess } from "../ThisProcess.ts"
import { storeUnavailable } from "./EventsHandlers.ts"
import { jobStoreUnavailable } from "./JobsHandlers.ts"

export const layerSystemHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "system",
  Effect.fnUntraced(function* (handlers) {
    const { startedAt, ...identity } = yield* ThisProcess
    const processes = yield* Processes
    const source = yield* SourceView
    const archive = yield* Archive
    const buffer = yield* LiveBuffer
    const system = yield* ActorSystem
    const targets = yield* Targets
    const history = yield* HistoryHoles
    const doctor = yield* SystemDoctor
    const gaps = yield* SourceGaps

    const own = Effect.gen(function* () {
      const now = new Date(yield* Clock.currentTimeMillis).toISOString()
      const actors = actorJson(yield* system.tree)
      return { ...identity, started_at: startedAt, told_at: now, silent: false, actors }
    })

    return handlers.handleAll({
      source: () => source.read,
      acceptGap: Effect.fnUntraced(
        function* ({ payload }) {
          const { username } = yield* Principal
          const { phase, gap, code, message } = yield* source.read
          if (phase !== "stopped" || gap === null) {
            return yield* new GapNotThere({ detail: `nothing is lost: capture is ${phase}` })
          }
          if (gap.id !== payload.gap) {
            return yield* new GapNotThere({ detail: `it has stopped at another one: ${message}` })
          }
          return yield* gaps.accept({
            source: source.source,
            gap: gap.id,
            incarnation: gap.incarnation,
            cause: code ?? "",
            message: message ?? "",
            from: gap.from_lsn,
            reason: payload.reason,
            by: username
          })
        },
        Effect.catchTag("JobStoreError", jobStoreUnavailable)
      ),
      coverage: Effect.fnUntraced(
        function* () {
          const stored = yield* archive.coverage
          const recent = yield* buffer.coverage
          return {
            archive: { kind: archive.kind, coverage: coverageJson(stored) },
            live_buffer: { kind: buffer.kind, coverage: coverageJson(recent) },
            incarnations: (yield* archive.incarnations).map(incarnationJson),
            holes: (yield* history.read).map(holeJson)
          }
        },
        Effect.catchTags({ LogError: storeUnavailable, JobStoreError: jobStoreUnavailable })
      ),
      actors: Effect.fnUntraced(function* () {
        const here = yield* own
        const told = yield* Effect.orElseSucceed(processes.list, () => [])
        return { items: [here, ...told.filter(({ id }) => id !== here.id)] }
      }),
      doctor: () => Effect.map(doctor.examine, (sections) => ({ sections, healthy: !isBroken(sections) })),
      targets: () => Effect.succeed({ items: targets.names.map((name) => ({ name })) })
    })
  })
)
