import { Effect } from "effect"
import type { LogError } from "../log/LogError.ts"
import { Unavailable } from "./api/Problems.ts"

/** A store that does not answer is worth another try, and a line in the log; anything else is a fault. */
export const storeUnavailable = (error: LogError) =>
  error.isRetryable
    ? Effect.andThen(
        Effect.logWarning(error.message),
        Effect.fail(new Unavailable({ detail: `the ${error.store} store does not answer` }))
      )
    : Effect.die(error)

/** The same of the control database. */
export const controlUnavailable = (error: { readonly isRetryable: boolean; readonly message: string }) =>
  error.isRetryable
    ? Effect.andThen(
        Effect.logWarning(error.message),
        Effect.fail(new Unavailable({ detail: "the control database does not answer" }))
      )
    : Effect.die(error)
