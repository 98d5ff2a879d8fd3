import { createHash } from "node:crypto"
import { Schema } from "effect"

const Text = Schema.NullOr(Schema.String)

/** A line as PostgreSQL writes it: each member as text. */
export const AuditRow = Schema.Struct({
  seq: Schema.String,
  at: Schema.String,
  actor_id: Text,
  actor: Text,
  credential: Text,
  action: Schema.String,
  target: Text,
  outcome: Schema.String,
  status: Text,
  problem: Text,
  repeats: Schema.String,
  door: Schema.String,
  address: Text,
  request_id: Text,
  before: Text,
  after: Text,
  /** Hexadecimal. */
  hash: Schema.String
})
export type AuditRow = typeof AuditRow.Type

/** In the order in which the database hashes them (migration 0012). */
export const hashedColumns = [
  "seq",
  "at",
  "actor_id",
  "actor",
  "credential",
  "action",
  "target",
  "outcome",
  "status",
  "problem",
  "repeats",
  "door",
  "address",
  "request_id",
  "before",
  "after"
] as const satisfies ReadonlyArray<keyof AuditRow>

/** The newest line's number and hash; 0 and nothing before the first. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

export const emptyHead: AuditHead = { seq: 0, hash: "" }

/** `changed`: its hash is not that of its content behind the line before. `missing`: the lines before it are not there. */
export interface AuditFault {
  readonly seq: number
  readonly fault: "changed" | "missing" | "end-missing" | "head-differs"
}

const field = (text: string | null): string => (text === null ? "-" : `${Buffer.byteLength(text)}:${text}`)

/** SHA-256 over the hash before and the content, each member with its length. */
const digestOf = (previous: string, row: AuditRow): string =>
  createHash("sha256")
    .update(previous, "hex")
    .update(hashedColumns.map((column) => field(row[column])).join(","))
    .digest("hex")

/** Looks at lines in order; `next` are those behind `last`. Gives what is wrong with them, and where they end. */
export const checkRows = (last: AuditHead, next: ReadonlyArray<AuditRow>) => {
  const faults: Array<AuditFault> = []
  let head = last
  for (const row of next) {
    const seq = Number(row.seq)
    if (seq !== head.seq + 1) faults.push({ seq, fault: "missing" })
    // Behind a hole nobody knows the hash before: only what follows can be held against it.
    else if (digestOf(head.hash, row) !== row.hash) faults.push({ seq, fault: "changed" })
    head = { seq, hash: row.hash }
  }
  return { faults, head }
}
