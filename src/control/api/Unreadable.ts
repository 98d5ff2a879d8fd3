import type { Schema } from "effect"
import { fieldErrors } from "./FieldErrors.ts"
import { type FieldError, InvalidRequest } from "./Problems.ts"

/** Faults that are told of one request. */
const most = 100

/** What cannot be decoded, with every fault that it has, by field; of very many the first. */
export const unreadable = (
  error: Pick<Schema.SchemaError, "issue">,
  renamed: (fault: FieldError) => FieldError = (fault) => fault
): InvalidRequest => {
  const errors = fieldErrors(error).slice(0, most).map(renamed)
  const names = errors.map(({ path }) => path).filter((path) => path !== "")
  const detail = names.length === 0 ? (errors[0]?.message ?? "not readable") : `look at ${names.join(", ")}`
  return new InvalidRequest({ detail, errors })
}
