import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"
import { reasonOf, type SourceErrorReason } from "./SourceError.ts"

/** What an error on the replication connection means. */
export const replicationFailure = (slot: string, confirmed: Lsn, error: PostgresError): SourceErrorReason => {
  const { code, detail } = error
  if (code === "55006") {
    const pid = Number(/PID (\d+)/u.exec(detail)?.[1] ?? 0)
    return { _tag: "SlotInUse", slot, pid, holder: "another connection" }
  }
  const publication = /publication "(.+)" does not exist/u.exec(detail)?.[1]
  if (publication !== undefined) {
    return {
      _tag: "NoPublication",
      publication,
      detail:
        "it does not exist at the place in history that the slot has come to: it was made after the slot, or dropped"
    }
  }
  // Dropped since attaching looked at it.
  if (code === "42704" && /replication slot ".+" does not exist/u.test(detail)) {
    return { _tag: "SlotMissing", slot, from: formatLsn(confirmed) }
  }
  // "can no longer get changes from replication slot", "requested WAL segment ... has already been removed"
  if (code === "55000" || /has already been removed/u.test(detail)) {
    return { _tag: "SlotLost", slot, detail, from: formatLsn(confirmed) }
  }
  return reasonOf(error)
}
