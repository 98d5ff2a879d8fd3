import { Schema } from "effect"
import { HttpClientError } from "effect/http"
import { fieldErrors, fieldErrorText } from "../../control/api/FieldErrors.ts"
import {
  Forbidden,
  GapNotThere,
  InvalidRequest,
  TokenExpired,
  TransitionRefused,
  Unauthorized
} from "../../control/api/Problems.ts"
import { type CliFailure, failed, misused } from "./CliFailure.ts"

const sentence = (url: string, error: unknown): string => {
  if (error instanceof InvalidRequest) {
    return fieldErrorText(error.errors)
  }
  if (error instanceof Unauthorized || error instanceof TokenExpired) {
    return `${url} does not take this login: run \`walstream login --url ${url}\``
  }
  if (error instanceof TransitionRefused) {
    const way =
      error.allowed.length === 0
        ? "nothing more can be done with it"
        : `possible: ${error.allowed.join(", ")}`
    return `the job is ${error.from}: cannot ${error.action}; ${way}`
  }
  if (error instanceof Forbidden) return error.message
  if (error instanceof GapNotThere) return error.detail ?? error.message
  if (HttpClientError.isHttpClientError(error)) {
    return error.reason._tag === "TransportError"
      ? `${url} does not answer: is it running there?`
      : `${url} answered in a way that this version does not understand (${error.reason._tag})`
  }
  return error instanceof Error ? error.message : String(error)
}

/** What went wrong with a call, in words. A request that never left, because it cannot be right, is wrong usage. */
export const explainApiError =
  (url: string) =>
  (error: unknown): CliFailure =>
    Schema.isSchemaError(error) ? misused(fieldErrorText(fieldErrors(error))) : failed(sentence(url, error))
