import { HttpServerResponse } from "effect/http"
import { problemBase } from "../api/Problems.ts"

/** What is said where no handler got to say something of its own. Slugs are stable: clients switch on them. */
export const plainProblems: {
  readonly [status: number]: readonly [slug: string, title: string]
} = {
  400: ["bad-request", "The request cannot be read"],
  404: ["not-found", "There is nothing at this address"],
  405: ["method-not-allowed", "This address does not take this method"],
  406: ["not-acceptable", "No such representation"],
  408: ["timeout", "The request took too long to arrive"],
  413: ["body-too-large", "The request's body is too large"],
  414: ["address-too-long", "The request's address is too long"],
  415: ["unsupported-content-type", "The request's content type is not supported here"],
  426: ["upgrade-required", "This address is for another protocol"],
  429: ["too-many-requests", "Too many requests"],
  431: ["headers-too-large", "The request's headers are too large"],
  500: ["internal", "Something went wrong inside"],
  503: ["unavailable", "Not available at the moment"]
}

export type ProblemBody = Readonly<Record<string, unknown>> & { readonly status: number }

/** A problem for a bare status. Nothing of the inside is told. */
export const problemOf = (status: number): ProblemBody => {
  const [slug, title] = plainProblems[status] ?? ["internal", "Something went wrong inside"]
  return { type: `${problemBase}${slug}`, title, status }
}

export const problemType = "application/problem+json"

export const problemResponse = (body: ProblemBody): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(body, { status: body.status, contentType: problemType })
