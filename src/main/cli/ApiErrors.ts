import { Schema } from "effect"
import { HttpClientError } from "effect/http"
import { RpcClientError } from "effect/rpc"
import * as SchemaIssue from "effect/SchemaIssue"
import { fieldErrors, fieldErrorText } from "../../control/api/FieldErrors.ts"
import {
  AccountTaken,
  Forbidden,
  GapNotThere,
  InvalidRequest,
  NotTheFailure,
  SecondFactorRequired,
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
  if (error instanceof SecondFactorRequired) {
    return `${url} wants a code of the second factor that is good: run \`walstream login --url ${url}\``
  }
  if (error instanceof Forbidden) return error.message
  if (error instanceof GapNotThere || error instanceof NotTheFailure || error instanceof AccountTaken)
    return error.detail ?? error.message
  const kind = HttpClientError.isHttpClientError(error)
    ? error.reason._tag
    : error instanceof RpcClientError.RpcClientError
      ? "kind" in error.reason
        ? error.reason.kind
        : error.reason._tag
      : undefined
  if (kind === "TransportError") return `${url} does not answer: is it running there?`
  if (kind !== undefined) {
    return `${url} answered in a way that this version does not understand (${kind}): is it another one?`
  }
  return error instanceof Error ? error.message : String(error)
}

/** A call that never left, because it cannot be right, is wrong usage: what the client says of it. */
export const misuseOf = (defect: unknown): CliFailure | undefined => {
  if (!(defect instanceof Error) || !SchemaIssue.isIssue(defect.cause)) return undefined
  // The first part of a path says where in the call it is: nothing that a person has written.
  const errors = fieldErrors({ issue: defect.cause }).map(({ path, message }) => ({
    path: path.split(".").slice(1).join("."),
    message
  }))
  return misused(fieldErrorText(errors))
}

/** What went wrong with a call, in words. */
export const explainApiError =
  (url: string) =>
  (error: unknown): CliFailure =>
    Schema.isSchemaError(error) ? misused(fieldErrorText(fieldErrors(error))) : failed(sentence(url, error))
