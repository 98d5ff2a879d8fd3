import type { AuditJson } from "../../control/api/AuditJson.ts"
import type { AuditCheck } from "../../control/audit/AuditCheck.ts"
import { count, plainTime } from "./JobText.ts"
import { textTable } from "./TextTable.ts"

const outcome = ({ outcome: ended, status, repeats }: AuditJson): string =>
  `${ended}${status === null || ended === "done" || ended === "unchanged" ? "" : ` ${status}`}${repeats === 1 ? "" : ` (${count(repeats)} times)`}`

/** A table of lines of the record, newest first. */
export const auditTable = (entries: ReadonlyArray<AuditJson>): string =>
  entries.length === 0
    ? "nothing is on record"
    : textTable([
        ["SEQ", "AT", "WHO", "FROM", "ACTION", "TARGET", "OUTCOME"],
        ...entries.map((entry) => [
          String(entry.seq),
          plainTime(entry.at),
          entry.actor ?? "-",
          entry.address ?? "-",
          entry.action,
          entry.target ?? "-",
          outcome(entry)
        ])
      ])

const faults: { readonly [F in AuditCheck["faults"][number]["fault"]]: (seq: string) => string } = {
  changed: (seq) => `line ${seq} is not what was written`,
  missing: (seq) => `what belongs before line ${seq} is not there`,
  "end-missing": (seq) => `the lines up to ${seq}, the newest, are not there`,
  "head-differs": (seq) => `line ${seq} is not the one that was told`
}

/** What a check has found, and the end of the record to keep elsewhere. */
export const auditCheckText = (check: AuditCheck): string =>
  [
    check.intact
      ? `${count(check.entries)} lines: all as they were written`
      : `${count(check.entries)} lines:`,
    ...check.faults.map(({ seq, fault }) => `  ${faults[fault](String(seq))}`),
    ...(check.head.seq === 0 ? [] : [`the end is ${check.head.seq}:${check.head.hash}`])
  ].join("\n")
