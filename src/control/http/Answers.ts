import { randomUUID } from "node:crypto"
import { Cause, Effect } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { problemBase } from "../api/Problems.ts"
import { problemOf, problemType } from "./ProblemBody.ts"
import { commonHeaders } from "./ResponseHeaders.ts"

/** A caller's own id is taken over if it is harmless in a log. */
const requestIdOf = (given: string | undefined): string =>
  given !== undefined && /^[\w.:-]{1,64}$/u.test(given) ? given : randomUUID()

const contentTypeOf = (response: HttpServerResponse.HttpServerResponse): string =>
  response.headers["content-type"] ?? ("contentType" in response.body ? response.body.contentType : "") ?? ""

const isProblem = (response: HttpServerResponse.HttpServerResponse): boolean =>
  contentTypeOf(response).startsWith(problemType)

/** A problem, or an error without a body of its own: all but `health/ready`, whose body says what is down. */
const isToBeTold = (response: HttpServerResponse.HttpServerResponse): boolean =>
  response.status >= 400 && !contentTypeOf(response).startsWith("application/json")

const bodyOf = (response: HttpServerResponse.HttpServerResponse): Readonly<Record<string, unknown>> => {
  if (!isProblem(response) || response.body._tag !== "Uint8Array") return problemOf(response.status)
  // Our own encoders wrote it: an object.
  return JSON.parse(new TextDecoder().decode(response.body.body)) as Record<string, unknown>
}

/** What belongs to a problem besides its body (RFC 6750, RFC 9110). */
const headersOf = (type: unknown, status: number): Record<string, string> => {
  if (type === `${problemBase}token-expired`) {
    return { "x-token-expired": "true", "www-authenticate": 'Bearer error="invalid_token"' }
  }
  if (status === 401) return { "www-authenticate": "Bearer" }
  return status === 503 ? { "retry-after": "1" } : {}
}

/** Makes every error a problem that names the request. */
const asProblem = (
  response: HttpServerResponse.HttpServerResponse,
  path: string,
  requestId: string
): HttpServerResponse.HttpServerResponse => {
  const body = bodyOf(response)
  const { allow } = response.headers
  return HttpServerResponse.jsonUnsafe(
    { ...body, instance: path, request_id: requestId },
    {
      status: response.status,
      contentType: problemType,
      headers: { ...(allow === undefined ? {} : { allow }), ...headersOf(body["type"], response.status) }
    }
  )
}

/** An answer for a failed request, and a line in the log where the failure is ours. */
const recover = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>, requestId: string) {
  const [response] = yield* HttpServerError.causeResponse(cause)
  if (response.status >= 500 && !Cause.hasInterruptsOnly(cause)) {
    yield* Effect.logError("a request failed", cause).pipe(Effect.annotateLogs({ requestId }))
  }
  return response
})

/** Around every route: request id, common headers, and one shape for every error. */
export const answers = HttpRouter.middleware(
  (app) =>
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const requestId = requestIdOf(request.headers["x-request-id"])
      const [path = "/"] = request.url.split("?")
      const given = yield* app.pipe(
        Effect.catchCauseIf(
          (cause) => !Cause.hasInterruptsOnly(cause),
          (cause) => recover(cause, requestId)
        )
      )
      const answer = isToBeTold(given) ? asProblem(given, path, requestId) : given
      return HttpServerResponse.setHeaders(answer, {
        ...commonHeaders,
        ...answer.headers,
        "x-request-id": requestId
      })
    }),
  { global: true }
)
