import { Context, Effect, Layer, Option, SubscriptionRef } from "effect"
import { formatLsn } from "../domain/Lsn.ts"
import { formatMicros, type Micros, microsFromMillis } from "../domain/Micros.ts"
import type { IngestPhase } from "../ingest/IngestPhase.ts"
import { IngestState } from "../ingest/IngestState.ts"
import { type SpillFigures, SpillGauge } from "../log/SpillGauge.ts"
import { gapJson } from "./api/GapJson.ts"
import type { SourceJson } from "./api/SystemApi.ts"
import { Processes } from "./Processes.ts"

/** What the API tells of the source. Its shape is the contract's; where it comes from is the deployment's. */
export class SourceView extends Context.Service<
  SourceView,
  {
    /** The source's name: it is in every event. */
    readonly source: string
    /** Whether this process captures it: then it is not ready when capture is not. */
    readonly here: boolean
    readonly read: Effect.Effect<SourceJson>
  }
>()("walstream/control/SourceView") {}

/** What is configured, as people should see it. */
export interface SourceViewOptions {
  readonly sourceId: string
  readonly demo: boolean
  readonly slot: string
  readonly publication: string
  readonly plugin: string
}

const phaseNames: { readonly [P in IngestPhase["_tag"]]: SourceJson["phase"] } = {
  Starting: "starting",
  Attaching: "attaching",
  Capturing: "capturing",
  Blocked: "blocked",
  Retrying: "retrying",
  Stopped: "stopped",
  Ended: "ended"
}

/** `slot_lost` for SlotLost. */
const snake = (tag: string): string => tag.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, "_").toLowerCase()

const codeOf = (phase: IngestPhase): string | null => {
  if ("code" in phase) return snake(phase.code)
  return phase._tag === "Blocked" ? "no_room" : null
}

const timeText = (time: Micros | null): string | null => (time === null ? null : formatMicros(time))

const spillJson = (figures: SpillFigures | null): SourceJson["spill"] =>
  figures === null
    ? null
    : {
        file: figures.file,
        since: timeText(figures.since === null ? null : microsFromMillis(figures.since)),
        drains: figures.drains,
        transactions: figures.transactions,
        bytes: figures.bytes,
        max_bytes: figures.maxBytes,
        message: figures.trouble
      }

/** From the capture that runs in this process. */
export const layerLocalSource = (options: SourceViewOptions): Layer.Layer<SourceView, never, IngestState> =>
  Layer.effect(
    SourceView,
    Effect.gen(function* () {
      const state = yield* IngestState
      const spill = yield* SpillGauge
      const read = Effect.gen(function* () {
        const phase = yield* SubscriptionRef.get(state.phase)
        const status = yield* SubscriptionRef.get(state.source)
        const figures = yield* state.figures
        return {
          source: options.sourceId,
          demo: options.demo,
          phase: phaseNames[phase._tag],
          message: "message" in phase ? phase.message : null,
          fix: "fix" in phase ? phase.fix : null,
          code: codeOf(phase),
          slot: options.slot,
          publication: options.publication,
          plugin: options.plugin,
          seq: figures.seq,
          frontier: formatLsn(figures.frontier),
          current_lsn: status === null ? null : formatLsn(status.currentLsn),
          lag_bytes: status?.lagBytes ?? null,
          latency_seconds: figures.latencySeconds,
          retained_bytes: status?.retainedBytes ?? null,
          wal_status: status?.walStatus ?? null,
          safe_bytes: status?.safeBytes ?? null,
          seconds_until_lost: status?.secondsUntilLost ?? null,
          slot_advancing: status?.advances ?? null,
          gap: phase._tag === "Stopped" && phase.gap !== null ? gapJson(phase.gap) : null,
          spill: spillJson(spill.read()),
          slot_active: status?.active ?? null,
          last_commit_time: timeText(figures.lastCommitTime),
          coverage_time: timeText(figures.coverageTime),
          transactions: figures.transactions,
          changes: figures.changes,
          reconnects: figures.reconnects
        } satisfies SourceJson
      })
      return { source: options.sourceId, here: true, read }
    })
  )

/** An ingestor elsewhere that was never heard of. */
const unheard = (options: SourceViewOptions): SourceJson => ({
  source: options.sourceId,
  demo: options.demo,
  phase: "silent",
  message: "no ingestor has told of this source",
  fix: "start one with this control database's DATABASE_URL",
  code: "silent",
  slot: options.slot,
  publication: options.publication,
  plugin: options.plugin,
  seq: 0,
  frontier: formatLsn(0n),
  current_lsn: null,
  lag_bytes: null,
  latency_seconds: null,
  retained_bytes: null,
  wal_status: null,
  safe_bytes: null,
  seconds_until_lost: null,
  slot_advancing: null,
  gap: null,
  spill: null,
  slot_active: null,
  last_commit_time: null,
  coverage_time: null,
  transactions: 0,
  changes: 0,
  reconnects: 0
})

/** As the ingestor tells it through the control database. */
export const layerToldSource = (options: SourceViewOptions): Layer.Layer<SourceView, never, Processes> =>
  Layer.effect(
    SourceView,
    Effect.gen(function* () {
      const processes = yield* Processes
      let last = unheard(options)
      const silent = (message: string, fix: string | null): SourceJson => ({
        ...last,
        phase: "silent",
        message,
        fix,
        code: "silent"
      })
      const read = processes.source(options.sourceId).pipe(
        Effect.map(
          Option.match({
            onNone: () => last,
            onSome: (told) => {
              last = told.source
              return told.silent
                ? silent(
                    `the ingestor was last heard of at ${told.told_at}`,
                    "see whether it runs and reaches the control database"
                  )
                : told.source
            }
          })
        ),
        Effect.catch((error) =>
          Effect.succeed(silent(`what it tells cannot be read: ${error.message}`, null))
        )
      )
      return { source: options.sourceId, here: false, read }
    })
  )
