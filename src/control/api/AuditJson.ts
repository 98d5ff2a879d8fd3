import { Schema } from "effect"
import type { AuditRow } from "../audit/AuditChain.ts"
import { auditOutcomes } from "../audit/AuditEntry.ts"

const Text = Schema.NullOr(Schema.String)

/** One line of the record. */
export const AuditJson = Schema.Struct({
  /** From 1 on, without a hole. */
  seq: Schema.Int,
  at: Schema.String,
  /** Of the user; null where nobody knows who it was, and for what the system did. */
  actor_id: Text,
  /** The user's name then; `system` for workers. */
  actor: Text,
  /** What it showed, where that was not an access token. */
  credential: Text,
  /** As the table of roles names it, such as `jobs.start`; of workers `jobs.run`, `jobs.takeover`, `jobs.complete`, `jobs.fail`. */
  action: Schema.String,
  target: Text,
  outcome: Schema.Literals(auditOutcomes),
  /** The answer's; null for what the system did. */
  status: Schema.NullOr(Schema.Int),
  problem: Text,
  /** How often: what is refused again and again is one line a minute. */
  repeats: Schema.Int,
  door: Schema.String,
  address: Text,
  request_id: Text,
  /** What is different now, as it was; all of it for what is no more. */
  before: Schema.Json,
  after: Schema.Json,
  /** SHA-256 over this line and the hash of the one before, hexadecimal. */
  hash: Schema.String
}).annotate({ identifier: "AuditEntry" })
export type AuditJson = typeof AuditJson.Type

const outcomeOf = (text: string): AuditJson["outcome"] =>
  auditOutcomes.find((outcome) => outcome === text) ?? "failed"

export const auditJson = (row: AuditRow): AuditJson => ({
  ...row,
  seq: Number(row.seq),
  outcome: outcomeOf(row.outcome),
  status: row.status === null ? null : Number(row.status),
  repeats: Number(row.repeats),
  // The database keeps it as JSON.
  before: JSON.parse(row.before ?? "null") as Schema.Json,
  after: JSON.parse(row.after ?? "null") as Schema.Json
})
