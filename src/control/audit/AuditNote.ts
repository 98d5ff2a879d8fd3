import { Context, Effect, type Schema } from "effect"
import type { Actor, AuditState } from "./AuditEntry.ts"

/** What a request turns out to be, for the record; filled in on the way. */
export interface AuditNote {
  actor: Actor | null
  target: string | null
  claimed: string | null
  before: AuditState | null
  after: AuditState | null
  /** It was there already. */
  isUnchanged: boolean
  /** Written down, in the transaction of what it did. */
  isOnRecord: boolean
}

export const emptyNote = (target: string | null): AuditNote => ({
  actor: null,
  target,
  claimed: null,
  before: null,
  after: null,
  isUnchanged: false,
  isOnRecord: false
})

/** Of the request that is being answered; of nobody elsewhere. */
export const auditNote = Context.Reference<AuditNote>("walstream/control/audit/auditNote", {
  defaultValue: () => emptyNote(null)
})

export const noteActor = (actor: Actor): Effect.Effect<void> =>
  Effect.map(auditNote, (note) => {
    note.actor = actor
  })

/** Whom a login says that it is, before anybody knows. */
export const noteClaim = (username: string): Effect.Effect<void> =>
  Effect.map(auditNote, (note) => {
    note.claimed = username
  })

/** What is done to what. Of two states only what differs is kept; null for what was not there, or is no more. */
export const noteChange = (change: {
  readonly target: string
  readonly before: AuditState | null
  readonly after: AuditState | null
  readonly isUnchanged?: boolean
}): Effect.Effect<void> =>
  Effect.map(auditNote, (note) => {
    const { before, after } = change
    note.target = change.target
    note.before = before === null || after === null ? before : differing(before, after)
    note.after = before === null || after === null ? after : differing(after, before)
    note.isUnchanged = change.isUnchanged ?? false
  })

const same = (a: Schema.Json | undefined, b: Schema.Json | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

/** The members of `one` that `other` has not, or has otherwise. */
const differing = (one: AuditState, other: AuditState): AuditState =>
  Object.fromEntries(Object.entries(one).filter(([name, value]) => !same(value, other[name])))
