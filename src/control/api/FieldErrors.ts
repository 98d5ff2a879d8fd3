import type { Schema } from "effect"
import * as SchemaIssue from "effect/SchemaIssue"
import type { FieldError } from "./Problems.ts"

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const segment = (part: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof part === "object" ? part.key : part)

/** In our own words where the library's are about schemas. */
const worded = (message: string): string =>
  message === "Expected no excess property" ? "is not a field of this request" : message

/** Every fault of what was decoded or encoded, by field. Never a value. */
export const fieldErrors = (error: Pick<Schema.SchemaError, "issue">): ReadonlyArray<FieldError> =>
  issuesOf(error.issue).issues.map((issue) => ({
    path: (issue.path ?? []).map(segment).join("."),
    message: worded(issue.message)
  }))

/** One line for each. */
export const fieldErrorText = (errors: ReadonlyArray<FieldError>): string =>
  errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("\n")
