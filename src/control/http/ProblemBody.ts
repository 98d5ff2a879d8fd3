import { problemBase } from "../api/Problems.ts"

/** What is said where no handler got to say something of its own. Slugs are stable: clients switch on them. */
const plain: { readonly [status: number]: readonly [slug: string, title: string] } = {
  400: ["bad-request", "The request cannot be read"],
  404: ["not-found", "There is nothing at this address"],
  405: ["method-not-allowed", "This address does not take this method"],
  406: ["not-acceptable", "No such representation"],
  408: ["timeout", "The request took too long"],
  413: ["body-too-large", "The request's body is too large"],
  415: ["unsupported-content-type", "The request's content type is not supported here"],
  503: ["unavailable", "Not available at the moment"]
}

/** A problem for a bare status. Nothing of the inside is told. */
export const problemOf = (status: number): Readonly<Record<string, unknown>> => {
  const [slug, title] = plain[status] ?? ["internal", "Something went wrong inside"]
  return { type: `${problemBase}${slug}`, title, status }
}

export const problemType = "application/problem+json"
