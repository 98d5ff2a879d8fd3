import { Cause, Effect, Predicate } from "effect"
import { HttpApiError } from "effect/http-api"
import { SqlError } from "effect/sql"
import { errorText } from "../runtime/ErrorText.ts"
import { fieldErrors } from "./api/FieldErrors.ts"
import { explainSqlError } from "./ControlDatabase.ts"

/** As many calls as tell where it was. */
const mostFrames = 12

/** Where an error was made, without its message, which a stack repeats. */
const framesOf = (error: unknown): ReadonlyArray<string> => {
  const stack = Predicate.hasProperty(error, "stack") ? String(error.stack) : ""
  const frames = stack.split("\n").filter((line) => /^\s+at /u.test(line))
  return frames.slice(0, mostFrames).map((line) => line.trim())
}

const detailOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (SqlError.isSqlError(error)) return explainSqlError(error).detail
  if (!HttpApiError.HttpApiSchemaError.is(error)) return errorText(cause)
  return `an answer's ${error.kind} is not as its schema says: ${fieldErrors(error.cause)
    .map(({ path }) => path)
    .join(", ")}`
}

/**
 * Tells a fault of ours in the log: what it is and where, and of no message more than names objects. A cause as it is
 * would be written with all its errors' words, and those of parsers, schemas and the server quote what they were given.
 */
export const logFault = (message: string, cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.logError(message, { detail: detailOf(cause), at: framesOf(Cause.squash(cause)) })
