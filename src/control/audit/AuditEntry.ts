import type { Schema } from "effect"

/** `unchanged`: asked for again, and there already. `refused`: by us, for what it was or who it was. `failed`: our fault. */
export const auditOutcomes = ["done", "unchanged", "refused", "failed"] as const
export type AuditOutcome = (typeof auditOutcomes)[number]

/** Who it was, as far as what was shown tells. */
export interface Actor {
  /** Of the user; null for a key that is none any more. */
  readonly id: string | null
  /** Null where only the control database knows it. */
  readonly name: string | null
  /** What it showed, where that is not an access token. Never the credential itself. */
  readonly credential: string | null
}

/** Members of what something was, or has become: no secret, no cell of a captured row. */
export type AuditState = Readonly<Record<string, Schema.Json>>

/** One line of the record, before the database numbers, times and chains it. */
export interface NewEntry {
  /** Null where nobody knows. */
  readonly actor: Actor | null
  /** As the table of roles names it: `jobs.start`. */
  readonly action: string
  readonly target: string | null
  /** A name that a login was tried with: the target, where there is such a user. Any other may be a password. */
  readonly claimed: string | null
  readonly outcome: AuditOutcome
  /** The answer's. */
  readonly status: number
  /** The last part of the problem's type. */
  readonly problem: string | null
  /** How often, for what came again and again within a minute. */
  readonly repeats: number
  readonly door: "http" | "rpc"
  readonly address: string
  readonly requestId: string
  readonly before: AuditState | null
  readonly after: AuditState | null
}

const longest = 300

/** A key that somebody has put where its id belongs. */
const keys = /(wsk_[0-9A-Za-z]{11}_)[0-9A-Za-z]+/gu

/** Of what others write there: no key's secret, no control character, no half of a character, no end without one. */
export const plainText = (text: string): string =>
  text
    .replaceAll(keys, "$1\u2026")
    .slice(0, longest)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, "\ufffd")

export const outcomeOf = (status: number): AuditOutcome => {
  if (status < 400) return "done"
  return status < 500 ? "refused" : "failed"
}
