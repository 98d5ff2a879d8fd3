import { Effect } from "effect"
import type { PgSession } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { quoteLiteral } from "../Quoting.ts"
import type { SlotState } from "../Slot.ts"
import { applicationName } from "../SourceSession.ts"
import { error, type Finding, inBytes, info, warning } from "./Finding.ts"

const gibibyte = 1024 ** 3
/** WAL that an idle slot may keep before anybody should look at it. */
const forgotten = 64 * 1024 ** 2

const drop = (slot: string): string => `SELECT pg_drop_replication_slot(${quoteLiteral(slot)})`

/** Our own slot: who reads it, how much the server keeps for it, and whether that is in danger. */
export const checkSlot = (state: SlotState, sourceId: string): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  const { name, activePid, walStatus, retainedBytes, safeBytes } = state
  if (activePid !== null && !state.holder.includes(applicationName(sourceId, "slot"))) {
    findings.push(
      error(
        "slot_in_use",
        `slot ${name} is read by ${state.holder} (server process ${activePid})`,
        `SELECT pg_terminate_backend(${activePid}) -- if that reader is dead; else set another SLOT_NAME`
      )
    )
  }
  if (walStatus === "unreserved") {
    findings.push(
      error(
        "slot_in_danger",
        `slot ${name} needs WAL that the server will remove at its next checkpoint`,
        "start capture now, or ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_reload_conf()"
      )
    )
  } else if (safeBytes !== null && safeBytes < gibibyte) {
    findings.push(
      warning(
        "slot_near_limit",
        `slot ${name} is lost after another ${inBytes(safeBytes)} of WAL`,
        "start capture"
      )
    )
  }
  if (retainedBytes > gibibyte) {
    const text = `the server keeps ${inBytes(retainedBytes)} of WAL for slot ${name}`
    findings.push(
      activePid === null
        ? warning(
            "wal_retained",
            `${text}, which nobody reads`,
            `start capture; or, to give up this history: ${drop(name)}`
          )
        : info("wal_retained", text, null)
    )
  }
  return findings
}

const othersQuery = `
  SELECT slot_name, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint AS retained, wal_status
  FROM pg_catalog.pg_replication_slots WHERE NOT active AND NOT temporary AND slot_name <> $1 ORDER BY slot_name`

/** Slots of others that nobody reads: a forgotten one fills the disk for everybody. */
export const checkOtherSlots = (
  session: PgSession,
  slot: string
): Effect.Effect<ReadonlyArray<Finding>, PostgresError> =>
  Effect.map(session.query(othersQuery, [slot]), (rows) =>
    rows.flatMap((row) => {
      const name = row["slot_name"] ?? ""
      const retained = Number(row["retained"])
      return retained < forgotten || row["wal_status"] === "lost"
        ? []
        : [
            warning(
              "forgotten_slot",
              `nobody reads slot ${name}, and the server keeps ${inBytes(retained)} of WAL for it`,
              `${drop(name)} -- if nobody will come back for it`
            )
          ]
    })
  )
