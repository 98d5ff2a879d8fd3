import { Effect } from "effect"
import { type PgSession, pinnedSettings } from "../../postgres/PgSession.ts"
import type { PostgresError } from "../../postgres/PostgresError.ts"
import { error, type Finding, info, warning } from "./Finding.ts"

const settingsQuery = `
  SELECT current_setting('server_version_num') AS version, current_setting('max_replication_slots') AS max_slots,
    (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS slots,
    current_setting('max_wal_senders') AS max_senders,
    (SELECT count(*) FROM pg_catalog.pg_stat_replication) AS senders,
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout') AS sender_timeout,
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size') AS keep_megabytes,
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'idle_replication_slot_timeout') AS slot_timeout`

const formatsQuery = `
  SELECT DISTINCT split_part(entry, '=', 1) AS name,
    CASE WHEN s.setrole = 0 THEN 'database ' || current_database() ELSE 'role ' || current_user END AS scope
  FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) AS entry
  WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
    AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user))
    AND lower(split_part(entry, '=', 1)) = ANY ($1::text[])
  ORDER BY 1`

/** Settings of the whole server: room for a slot and a sender, time-outs and limits that end a slot. */
export const checkServer: (
  session: PgSession,
  slotExists: boolean
) => Effect.Effect<ReadonlyArray<Finding>, PostgresError> = Effect.fnUntraced(
  function* (session, slotExists) {
    const findings: Array<Finding> = []
    const [row] = yield* session.query(settingsQuery)
    const number = (name: string) => Number(row?.[name] ?? 0)

    if (!slotExists && number("slots") >= number("max_slots")) {
      findings.push(
        error(
          "no_slot_free",
          `all ${number("max_slots")} replication slots are taken`,
          `ALTER SYSTEM SET max_replication_slots = ${number("max_slots") + 4}; -- then restart the server; or drop a slot that nobody needs`
        )
      )
    }
    if (number("senders") >= number("max_senders")) {
      findings.push(
        error(
          "no_sender_free",
          `all ${number("max_senders")} WAL senders are taken`,
          `ALTER SYSTEM SET max_wal_senders = ${number("max_senders") + 4}; -- then restart the server`
        )
      )
    }
    const senderTimeout = number("sender_timeout")
    if (senderTimeout > 0 && senderTimeout < 10_000) {
      findings.push(
        info(
          "short_sender_timeout",
          `wal_sender_timeout is ${senderTimeout} ms; our own connection raises it to 60 s`,
          null
        )
      )
    }
    if (senderTimeout === 0) {
      findings.push(
        info(
          "no_sender_timeout",
          "wal_sender_timeout is 0: the server does not notice a reader whose machine is gone, and the slot stays in use",
          "ALTER SYSTEM SET wal_sender_timeout = '60s'; SELECT pg_reload_conf()"
        )
      )
    }
    const keep = number("keep_megabytes")
    if (keep < 0) {
      findings.push(
        info(
          "unbounded_wal",
          "max_slot_wal_keep_size is not set: while capture is down the server keeps WAL until its disk is full",
          "ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf() -- as much as the disk can spare: beyond it the slot, and with it the history, is lost"
        )
      )
    } else if (keep < 1024) {
      findings.push(
        warning(
          "little_wal",
          `max_slot_wal_keep_size is ${keep} MB: a slot that is behind by more is lost, and the history has a hole`,
          "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf()"
        )
      )
    }
    if (number("slot_timeout") > 0) {
      findings.push(
        warning(
          "slot_timeout",
          `idle_replication_slot_timeout is ${number("slot_timeout")} s: a slot that nobody reads for so long is lost`,
          "ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf()"
        )
      )
    }
    if (number("version") < 140000) {
      findings.push(
        info(
          "old_server",
          "before PostgreSQL 14 large transactions are not streamed while they run, and logical messages are not captured",
          null
        )
      )
    }
    const names = Object.keys(pinnedSettings).map((name) => name.toLowerCase())
    for (const format of yield* session.query(formatsQuery, [names])) {
      findings.push(
        info("format_default", `${format["scope"]} has its own ${format["name"]}; capture uses its own`, null)
      )
    }
    return findings
  }
)
