import { Effect } from "effect"
import { formatLsn, type Lsn, parseLsn } from "../domain/Lsn.ts"
import type { PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"
import type { SourceErrorReason } from "./SourceError.ts"

export type CapturePlugin = "pgoutput" | "wal2json"

/** A replication slot as the server shows it. */
export interface SlotState {
  readonly name: string
  readonly plugin: string | null
  readonly database: string | null
  readonly temporary: boolean
  /** The server process that reads it, null when none does. */
  readonly activePid: number | null
  /** Who that is: application name and address. */
  readonly holder: string
  /** Everything that ends before is forgotten. */
  readonly confirmedLsn: Lsn | null
  /** From where on the server keeps WAL for it; null when it keeps none. */
  readonly restartLsn: Lsn | null
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string | null
  /** WAL that the server keeps for it, in bytes. */
  readonly retainedBytes: number
  /** What may still be written before the slot is in danger of being lost; null when nothing bounds it. */
  readonly safeBytes: number | null
  readonly currentLsn: Lsn
}

const slotQuery = `
  SELECT s.slot_name, s.plugin, s.database, s.temporary::text AS temporary, s.active_pid, s.confirmed_flush_lsn,
    s.restart_lsn, s.wal_status, s.safe_wal_size, pg_current_wal_lsn() AS current_lsn,
    pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint AS retained,
    concat_ws(' ', nullif(a.application_name, ''), 'at ' || a.client_addr::text, 'as ' || a.usename) AS holder
  FROM pg_catalog.pg_replication_slots s LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid
  WHERE s.slot_name = $1`

const numberOrNull = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Number(text)

export const readSlot = (
  session: PgSession,
  slot: string
): Effect.Effect<SlotState | undefined, PostgresError> =>
  Effect.map(session.query(slotQuery, [slot]), ([row]) =>
    row === undefined
      ? undefined
      : {
          name: slot,
          plugin: row["plugin"] ?? null,
          database: row["database"] ?? null,
          temporary: row["temporary"] === "true",
          activePid: numberOrNull(row["active_pid"]),
          holder: row["holder"] || "somebody",
          confirmedLsn: parseLsn(row["confirmed_flush_lsn"] ?? "") ?? null,
          restartLsn: parseLsn(row["restart_lsn"] ?? "") ?? null,
          walStatus: row["wal_status"] ?? null,
          retainedBytes: Number(row["retained"] ?? 0),
          safeBytes: numberOrNull(row["safe_wal_size"]),
          currentLsn: parseLsn(row["current_lsn"] ?? "") ?? 0n
        }
  )

/**
 * Waits for the transactions that run at this moment. Its consistent point becomes `confirmedLsn`. From PostgreSQL 17 on
 * it is a failover slot: standbys that synchronise slots keep a copy. Others take no notice of that.
 */
export const createSlot = (
  session: PgSession,
  slot: string,
  plugin: CapturePlugin,
  serverVersion: number
): Effect.Effect<void, PostgresError> =>
  Effect.asVoid(
    session.query(
      `SELECT slot_name FROM pg_create_logical_replication_slot($1, $2${serverVersion >= 170000 ? ", failover => true" : ""})`,
      [slot, plugin]
    )
  )

/** Only for a slot that the server itself has invalidated, when that is accepted: nothing can be read from it any more. */
export const dropLostSlot = (session: PgSession, slot: string): Effect.Effect<void, PostgresError> =>
  Effect.asVoid(
    session.query(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND wal_status = 'lost'",
      [slot]
    )
  )

/** Why this slot cannot carry on a history that ends at `from`, or undefined. Pure. */
export const slotProblem = (
  slot: SlotState,
  wanted: { readonly plugin: CapturePlugin; readonly database: string },
  from: Lsn
): SourceErrorReason | undefined => {
  const unfit = (detail: string): SourceErrorReason => ({ _tag: "SlotUnfit", slot: slot.name, detail })
  if (slot.plugin === null) return unfit("it is a physical one")
  if (slot.plugin !== wanted.plugin) return unfit(`its plugin is ${slot.plugin}, not ${wanted.plugin}`)
  if (slot.database !== wanted.database)
    return unfit(`it belongs to database ${slot.database}, not ${wanted.database}`)
  if (slot.temporary) return unfit("it is temporary and goes with its session")
  if (slot.walStatus === "lost" || slot.confirmedLsn === null) {
    return { _tag: "SlotLost", slot: slot.name, detail: "its WAL was removed", from: formatLsn(from) }
  }
  if (slot.confirmedLsn > from) {
    return {
      _tag: "Hole",
      slot: slot.name,
      from: formatLsn(from),
      until: formatLsn(slot.confirmedLsn)
    }
  }
  return undefined
}
