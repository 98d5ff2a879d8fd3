import { Effect } from "effect"
import { Busy, TooManyFailures, Unavailable } from "../api/Problems.ts"
import { noteActor } from "../audit/AuditNote.ts"
import type { AuditTrail, LineEnd } from "../audit/AuditTrail.ts"
import { usersUnavailable } from "../auth/UsersError.ts"
import { weaknessOf } from "../auth/WeakPassword.ts"
import { invalidField } from "../InvalidField.ts"

export const onWait = (seconds: number) => new TooManyFailures({ retry_after: seconds })

export const down = {
  NotRecorded: () => Effect.fail(new Unavailable({ detail: "the control database does not answer" })),
  UsersError: usersUnavailable
} as const

export const whenDown = {
  ...down,
  TooManyLogins: () => Effect.fail(new Busy({ detail: "try again in a second" }))
} as const

export const orWeak = (field: string, password: string, names: ReadonlyArray<string>) => {
  const weakness = weaknessOf(password, names)
  return weakness === undefined ? Effect.void : invalidField(field, weakness)
}

export const done = (status: number): LineEnd => ({ status, problem: null, isRepeated: false })

export const noteUser = ({ id, username }: { readonly id: string; readonly username: string }) =>
  noteActor({ id, name: username, credential: null })

/** What becomes of a login, and its line, in one transaction. `endOf` null for what has changed nothing. */
export const recordedIn =
  (trail: AuditTrail["Service"]) =>
  <A, E, R>(name: string, work: Effect.Effect<A, E, R>, endOf: (answer: A) => LineEnd | null) =>
    trail.together({ action: `auth.${name}`, door: "http", changes: true }, work, endOf)
