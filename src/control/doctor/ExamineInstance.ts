import type { Finding } from "../../ingest/doctor/Finding.ts"
import { error, info, warning } from "../../ingest/doctor/Finding.ts"
import type { JobJson } from "../api/JobJson.ts"
import type { SourceJson } from "../api/SystemApi.ts"
import { type Hole, holeText } from "../CoverageHoles.ts"
import { type Gap, gapText } from "../HistoryGaps.ts"
import { slotDanger, slotDangerText } from "../SlotDanger.ts"
import { spillText } from "../SpillText.ts"

/** What an instance that runs knows of itself. */
export interface InstanceFacts {
  readonly source: SourceJson
  readonly holes: ReadonlyArray<Hole>
  readonly gaps: ReadonlyArray<Gap>
  /** Running ones. */
  readonly jobs: ReadonlyArray<JobJson>
}

const captureFindings = ({ phase, message, fix }: SourceJson): ReadonlyArray<Finding> => {
  if (phase === "capturing") return []
  const said = message === null ? `capture is ${phase}` : `capture is ${phase}: ${message}`
  if (phase === "starting" || phase === "attaching") return [info("capture_begins", said, fix)]
  return [phase === "retrying" ? warning("capture_retries", said, fix) : error(`capture_${phase}`, said, fix)]
}

/** The server bounds what it keeps for a slot: what was not read by then is gone, and the history has a hole. */
const slotFindings = (source: SourceJson): ReadonlyArray<Finding> => {
  const message = slotDangerText(source)
  const danger = slotDanger(source)
  if (message === null || danger === "none") return []
  const room =
    "ALTER SYSTEM SET max_slot_wal_keep_size = '…'; SELECT pg_reload_conf() -- if the disk has room"
  const fix =
    source.phase === "capturing"
      ? `${room}; end transactions that have been open for long (pg_stat_activity, by xact_start)`
      : `bring capture back; until then: ${room}`
  return [(danger === "act" ? error : warning)("slot_near_loss", message, fix)]
}

/** Nothing is lost, but jobs see nothing new, and the room for it is bounded. */
const spillFindings = (source: SourceJson): ReadonlyArray<Finding> => {
  const message = spillText(source)
  if (message === null) return []
  if (source.spill?.drains === true) return [info("spill_drains", message, null)]
  return [
    warning(
      "spilling",
      message,
      "see that Kafka's brokers run and are reached from the ingestor; keep the file, it is a part of the archive until then"
    )
  ]
}

const holeFinding = (hole: Hole): Finding =>
  hole.missing === "changes"
    ? warning(
        "late_table",
        holeText(hole),
        `copy its rows to targets that need them (pg_dump --data-only --table=${hole.table}); so that tables made from now on have no such hole, set CAPTURE_NEW_TABLES=trigger (an event trigger; needs a superuser)`
      )
    : warning(
        "no_identity",
        holeText(hole),
        hole.until === null
          ? `ALTER TABLE ${hole.table} ADD PRIMARY KEY (…); or ALTER TABLE ${hole.table} REPLICA IDENTITY FULL`
          : `copy its rows to targets that were kept up to date over that stretch (pg_dump --data-only --table=${hole.table})`
      )

/** Pure: what a person should know of a running instance. */
export const examineInstance = ({ source, holes, gaps, jobs }: InstanceFacts): ReadonlyArray<Finding> => [
  ...captureFindings(source),
  ...slotFindings(source),
  ...spillFindings(source),
  ...jobs.flatMap(({ id, name, live }) =>
    live === null || live.retrying === null
      ? []
      : [
          warning(
            "job_waits",
            `job ${name ?? id} waits since ${live.retrying.since} (try ${live.retrying.attempt}): ${live.retrying.reason}`,
            null
          )
        ]
  ),
  ...gaps.map((gap) =>
    warning(
      "gap",
      gapText(gap),
      "give targets that were kept up to date over that place a fresh copy of the source"
    )
  ),
  ...holes.map(holeFinding)
]
