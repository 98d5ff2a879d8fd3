import { Effect, Schema } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { Unavailable } from "../api/Problems.ts"
import { explainSqlError } from "../ControlDatabase.ts"

/** The control database failed where users, their logins or keys are kept. */
export class UsersError extends Schema.TaggedError<UsersError>()("UsersError", {
  detail: Schema.String,
  isRetryable: Schema.Boolean
}) {
  override get message(): string {
    return `users: ${this.detail}`
  }
}

export const usersError = (error: SqlError): UsersError => new UsersError(explainSqlError(error))

/** For whoever asks: not available where trying again may help; else it is our own fault. */
export const usersUnavailable = (error: UsersError): Effect.Effect<never, Unavailable> =>
  error.isRetryable
    ? Effect.fail(new Unavailable({ detail: "the control database does not answer" }))
    : Effect.die(error)
