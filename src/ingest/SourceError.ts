import { Schema } from "effect"
import { PostgresError } from "../postgres/PostgresError.ts"
import { quoteIdent } from "./Quoting.ts"
import { SourceGap } from "./SourceGap.ts"

/** Why a source cannot be captured, now or at all. None ever holds a cell's value or a password. */
export const SourceErrorReason = Schema.Union([
  /** No server there, connection lost, server shutting down or silent: it is tried again. */
  Schema.TaggedStruct("Unreachable", { detail: Schema.String }),
  /** Wrong password, no such role, not let in by pg_hba.conf. */
  Schema.TaggedStruct("Refused", { detail: Schema.String }),
  Schema.TaggedStruct("NoDatabase", { detail: Schema.String }),
  /** The server is older than what logical replication needs here, or a standby that cannot decode. */
  Schema.TaggedStruct("Unsupported", { detail: Schema.String }),
  Schema.TaggedStruct("WalLevel", { actual: Schema.String }),
  Schema.TaggedStruct("NoReplicationRight", { role: Schema.String }),
  /** All of max_replication_slots are taken. */
  Schema.TaggedStruct("NoSlotFree", { detail: Schema.String }),
  /** The output plugin is not installed there. */
  Schema.TaggedStruct("NoPlugin", { plugin: Schema.String }),
  /** The publication does not exist and cannot be made. */
  Schema.TaggedStruct("NoPublication", { publication: Schema.String, detail: Schema.String }),
  /** Somebody else reads it: tried again, since a dead reader's connection takes a while to go. */
  Schema.TaggedStruct("SlotInUse", { slot: Schema.String, pid: Schema.Int, holder: Schema.String }),
  /** A slot of this name belongs to something else. */
  Schema.TaggedStruct("SlotUnfit", { slot: Schema.String, detail: Schema.String }),
  /** The server has removed WAL that the slot needs: what was not read by then is gone. */
  Schema.TaggedStruct("SlotLost", { slot: Schema.String, detail: Schema.String, from: Schema.String }),
  /** The archive has a history, but the slot that continues it does not exist. */
  Schema.TaggedStruct("SlotMissing", { slot: Schema.String, from: Schema.String }),
  /** The slot was moved past what is archived: changes in between are not in the log and cannot be had. */
  Schema.TaggedStruct("Hole", { slot: Schema.String, from: Schema.String, until: Schema.String }),
  /** The same, and the archive's mark says where they may lie: in a spill that is not here. */
  Schema.TaggedStruct("SpillMissing", {
    slot: Schema.String,
    from: Schema.String,
    until: Schema.String,
    file: Schema.String
  }),
  /** The server's log ends before the history does: it was restored from an older copy, or lost its disk's last writes. */
  Schema.TaggedStruct("Rewound", { from: Schema.String, current: Schema.String }),
  /** Another system, timeline, database or slot than the one whose history this is. */
  Schema.TaggedStruct("Replaced", {
    what: Schema.String,
    was: Schema.String,
    is: Schema.String,
    /** Why it does not go on with what was there before; only for a timeline. */
    detail: Schema.optionalKey(Schema.String)
  }),
  /** The server sent what the protocol does not allow, or what we do not understand. */
  Schema.TaggedStruct("Undecodable", { detail: Schema.String }),
  /** A statement failed in a way that nobody foresaw. */
  Schema.TaggedStruct("Failed", { detail: Schema.String, retryable: Schema.Boolean })
])
export type SourceErrorReason = typeof SourceErrorReason.Type

/** What happened, in words. */
export const explainReason = (reason: SourceErrorReason): string => {
  switch (reason._tag) {
    case "Unreachable":
      return `does not answer: ${reason.detail}`
    case "Refused":
      return `refuses us: ${reason.detail}`
    case "NoDatabase":
    case "Unsupported":
    case "NoSlotFree":
    case "Failed":
      return reason.detail
    case "WalLevel":
      return `wal_level is ${reason.actual}, capture needs logical`
    case "NoReplicationRight":
      return `role ${reason.role} may not replicate`
    case "NoPlugin":
      return `output plugin ${reason.plugin} is not installed at the server`
    case "NoPublication":
      return `publication ${reason.publication}: ${reason.detail}`
    case "SlotInUse":
      return `slot ${reason.slot} is read by ${reason.holder} (server process ${reason.pid})`
    case "SlotUnfit":
      return `slot ${reason.slot} cannot be used: ${reason.detail}`
    case "SlotLost":
      return `slot ${reason.slot} is lost (${reason.detail}): changes committed after ${reason.from} that were not read are gone`
    case "SlotMissing":
      return `slot ${reason.slot} does not exist any more: changes committed after ${reason.from} are not in the log`
    case "Hole":
      return `slot ${reason.slot} stands at ${reason.until}, the archive ends at ${reason.from}: changes committed in between are not in the log`
    case "SpillMissing":
      return `slot ${reason.slot} stands at ${reason.until}, the archive ends at ${reason.from}: changes committed in between are in the spill ${reason.file}, and that is not here`
    case "Rewound":
      return `its log ends at ${reason.current}, but the history in the log goes up to ${reason.from}: the server was set back, and what it did since is another history`
    case "Replaced":
      return `another ${reason.what} than the one whose history is in the log: it was ${reason.was}, it is ${reason.is}${reason.detail === undefined ? "" : `; ${reason.detail}`}`
    case "Undecodable":
      return `sent a message that cannot be read: ${reason.detail}`
  }
}

/** A history with a hole is carried on only if a person says so. */
const beginAnew =
  "find out what happened. Then go on with the hole on record: `walstream source accept-gap --reason '…'`, and give targets a fresh copy of what they missed; or begin a new history: start with another SOURCE_ID, SLOT_NAME and DATA_DIR (with Kafka: KAFKA_TOPIC), and a target that is a fresh copy of the source"

/** What a person can do about it. */
const mend = (reason: SourceErrorReason): string => {
  switch (reason._tag) {
    case "Unreachable":
      return "check that the server runs and that the address in SOURCE_URL reaches it; capture goes on by itself"
    case "Refused":
      return "check user and password in SOURCE_URL, and pg_hba.conf at the server; then start WalStream again"
    case "NoDatabase":
      return "check the database's name in SOURCE_URL"
    case "Unsupported":
      return "capture from the primary of a PostgreSQL 13 or later"
    case "WalLevel":
      return "ALTER SYSTEM SET wal_level = 'logical'; then restart the server: capture goes on by itself"
    case "NoReplicationRight":
      return `ALTER ROLE ${quoteIdent(reason.role)} REPLICATION (on managed servers the provider's replication role is granted)`
    case "NoSlotFree":
      return "drop a slot that nobody needs (pg_drop_replication_slot), or raise max_replication_slots and restart the server"
    case "NoPlugin":
      return `install it there (Debian: postgresql-<version>-${reason.plugin}), or set CAPTURE_PLUGIN=pgoutput, which every server has`
    case "NoPublication":
      return "let the owner of the tables create it: `walstream doctor` shows the SQL"
    case "SlotInUse":
      return `if that reader is dead: SELECT pg_terminate_backend(${reason.pid}); if it lives, give this one another SLOT_NAME`
    case "SlotUnfit":
      return "give this source another SLOT_NAME, or drop that slot if nothing uses it"
    case "SlotLost":
    case "SlotMissing":
    case "Hole":
    case "Rewound":
    case "Replaced":
      return beginAnew
    case "SpillMissing":
      return "start the ingestor where that file is, with SPILL_MAX_BYTES above 0; or put the file (with -wal, if there is one) into the ingestor's DATA_DIR as spill.sqlite and start again. If it is gone for good, go on with the hole on record: `walstream source accept-gap --reason '…'`, and give targets a fresh copy of what they missed"
    case "Undecodable":
      return "nothing is lost, the slot keeps it; please report it with the server's version"
    case "Failed":
      return "see the server's log"
  }
}

/** The one error of a source. */
export class SourceError extends Schema.TaggedError<SourceError>()("SourceError", {
  source: Schema.String,
  reason: SourceErrorReason,
  /** The hole that it is about, where attaching has found one in a history. */
  gap: Schema.optionalKey(SourceGap)
}) {
  override get message(): string {
    return `source ${this.source}: ${explainReason(this.reason)}`
  }
  /** The way out, in words or SQL. */
  get fix(): string {
    return mend(this.reason)
  }
  get isRetryable(): boolean {
    const { reason } = this
    return (
      reason._tag === "Unreachable" ||
      reason._tag === "SlotInUse" ||
      // The stream broke: attaching looks at the slot, and has the last word.
      ((reason._tag === "SlotLost" || reason._tag === "SlotMissing") && this.gap === undefined) ||
      (reason._tag === "Failed" && reason.retryable)
    )
  }
}

/** What a failed statement of a session to the source means, where no step knows better. */
export const reasonOf = (error: PostgresError): SourceErrorReason => {
  const detail = error.message
  // The driver's own complaint: it was given no password and the server wants one.
  if (error.code === "" && detail.startsWith("SASL"))
    return { _tag: "Refused", detail: "no password was given" }
  if (error.code === "3D000") return { _tag: "NoDatabase", detail }
  if (error.code.startsWith("28")) return { _tag: "Refused", detail }
  switch (error.failure) {
    case "unavailable":
      return { _tag: "Unreachable", detail }
    case "refused":
      return { _tag: "Refused", detail }
    case "contention":
    case "resources":
    case "cancelled":
      return { _tag: "Failed", detail, retryable: true }
    case "rejected":
      return { _tag: "Failed", detail, retryable: false }
  }
}

export const sourceError = (source: string, error: PostgresError | SourceErrorReason): SourceError =>
  new SourceError({ source, reason: error instanceof PostgresError ? reasonOf(error) : error })
