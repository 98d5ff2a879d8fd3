import { randomUUID } from "node:crypto"
import { Cause, Clock, Duration, Effect, Option } from "effect"
import {
  HttpMiddleware,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse
} from "effect/http"
import type { IpNetwork } from "effect/net"
import { traceOf } from "../../runtime/trace/TraceContext.ts"
import { Tracing } from "../../runtime/trace/Tracing.ts"
import { problemBase } from "../api/Problems.ts"
import { logFault } from "../FaultText.ts"
import { asksWho, classOf } from "../limits/RateLimits.ts"
import { Admission, pathOf, quotaHeaders } from "./Admission.ts"
import { makeBodyRoom } from "./BodyRoom.ts"
import { type Caller, caller } from "./Caller.ts"
import { corsHeaders, preflight } from "./Cors.ts"
import { problemOf, problemResponse, problemType } from "./ProblemBody.ts"
import { RequestFigures } from "./RequestFigures.ts"
import { withinLimits } from "./RequestLimits.ts"
import { requestSpan } from "./RequestSpan.ts"
import { commonHeaders } from "./ResponseHeaders.ts"
import { isHandshake } from "./StartingServer.ts"

export interface AnswersOptions {
  /** Origins whose scripts may use the API, such as `https://app.example`. */
  readonly corsOrigins: ReadonlyArray<string>
  /** Who may say for whom it asks (`X-Forwarded-For`). */
  readonly trustedProxies: ReadonlyArray<IpNetwork.IpNetwork>
}

type Answer = HttpServerResponse.HttpServerResponse

/** How long an answer may take to begin. Not as text: that would be read anew for each request. */
const patience = Duration.seconds(30)

/** A caller's own id is taken over if it is harmless in a log. */
const requestIdOf = (given: string | undefined): string =>
  given !== undefined && /^[\w.:-]{1,64}$/u.test(given) ? given : randomUUID()

const contentTypeOf = (response: Answer): string =>
  response.headers["content-type"] ?? ("contentType" in response.body ? response.body.contentType : "") ?? ""

const isProblem = (response: Answer): boolean => contentTypeOf(response).startsWith(problemType)

/** A problem, or an error without a body of its own: all but `health/ready`, whose body says what is down. */
const isToBeTold = (response: Answer): boolean =>
  response.status >= 400 && !contentTypeOf(response).startsWith("application/json")

const bodyOf = (response: Answer): Readonly<Record<string, unknown>> => {
  if (!isProblem(response) || response.body._tag !== "Uint8Array") return problemOf(response.status)
  // Our own encoders wrote it: an object.
  return JSON.parse(new TextDecoder().decode(response.body.body)) as Record<string, unknown>
}

/** What belongs to a problem besides its body (RFC 6750, RFC 9110). */
const headersOf = (
  { type, retry_after: retry }: Readonly<Record<string, unknown>>,
  status: number
): Record<string, string> => {
  if (typeof retry === "number") return { "retry-after": String(retry) }
  if (type === `${problemBase}token-expired`) {
    return { "x-token-expired": "true", "www-authenticate": 'Bearer error="invalid_token"' }
  }
  if (type === `${problemBase}insufficient-scope`) {
    return { "www-authenticate": 'Bearer error="insufficient_scope"' }
  }
  if (status === 401) return { "www-authenticate": "Bearer" }
  return status === 503 ? { "retry-after": "1" } : {}
}

/** Makes every error a problem that names the request. */
const asProblem = (response: Answer, path: string, { requestId, traceId }: Caller): Answer => {
  const body = bodyOf(response)
  const { "content-type": _type, "content-length": _length, ...headers } = response.headers
  return HttpServerResponse.jsonUnsafe(
    { ...body, instance: path, request_id: requestId, trace_id: traceId },
    {
      status: response.status,
      contentType: problemType,
      headers: { ...headersOf(body, response.status), ...headers }
    }
  )
}

/** An answer for a failed request, and a line in the log where the failure is ours. */
const recover = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
  const [response] = yield* HttpServerError.causeResponse(cause)
  if (response.status >= 500 && !Cause.hasInterruptsOnly(cause)) {
    yield* logFault("a request failed", cause)
  }
  return response
})

const overdue = problemResponse({
  ...problemOf(503),
  detail: `no answer within ${Duration.format(patience)}`
})

/** A socket stays open for as long as both sides like. */
const inTime = <E, R>(
  { method, headers }: HttpServerRequest.HttpServerRequest,
  route: Effect.Effect<Answer, E, R>
): Effect.Effect<Answer, E, R> =>
  isHandshake(method, headers)
    ? route
    : Effect.timeoutOrElse(route, { duration: patience, orElse: () => Effect.succeed(overdue) })

const annotated = <A, E, R>({ requestId, traceId }: Caller, effect: Effect.Effect<A, E, R>) =>
  Effect.annotateLogs(effect, { request_id: requestId, trace_id: traceId })

/**
 * Around every route: who calls, its quotas, bounds of size and time, one shape for every error, and the headers that
 * every answer has.
 */
export const answers = ({ corsOrigins, trustedProxies }: AnswersOptions) =>
  HttpRouter.middleware(
    Effect.gen(function* () {
      const admission = yield* Admission
      const figures = yield* RequestFigures
      const tracer = yield* Tracing
      const room = makeBodyRoom()
      const handle = <E>(app: Effect.Effect<Answer, E>) =>
        Effect.gen(function* () {
          const begun = yield* Clock.currentTimeMillis
          const request = yield* HttpServerRequest.HttpServerRequest
          const { headers, method, remoteAddress } = request
          const path = pathOf(request)
          const trace = traceOf(headers["traceparent"], tracer?.ratio)
          const who: Caller = {
            address: Option.getOrElse(remoteAddress, () => ""),
            userAgent: (headers["user-agent"] ?? "").slice(0, 200),
            requestId: requestIdOf(headers["x-request-id"]),
            traceId: trace.traceId,
            routeClass: classOf(method, path),
            quotas: []
          }
          const shows = headers["authorization"] !== undefined || headers["x-api-key"] !== undefined
          const isUnknown = !shows || !asksWho(path)

          const asked = preflight(request, corsOrigins)
          const route =
            asked === undefined ? withinLimits(request, room, inTime(request, app)) : Effect.succeed(asked)
          const answered = Effect.catchCauseIf(
            isUnknown ? admission.ofAddress(route) : admission.unlessEmpty(route),
            (cause) => !Cause.hasInterruptsOnly(cause),
            recover
          )
          const given = yield* annotated(who, answered).pipe(
            // What showed something that is nobody's, or asked for what needs nobody, counts for the address.
            Effect.flatMap((answer) =>
              who.quotas.length === 0 && !isUnknown
                ? admission.ofAddress(Effect.succeed(answer))
                : Effect.succeed(answer)
            ),
            Effect.provideService(caller, who)
          )
          const answer = isToBeTold(given) ? asProblem(given, path, who) : given
          const ended = yield* Clock.currentTimeMillis
          figures.answered(answer.status, ended - begun)
          if (tracer !== null && trace.isKept) {
            tracer.record(requestSpan(trace, { method, path, status: answer.status, begun, ended }))
          }
          return HttpServerResponse.setHeaders(answer, {
            ...commonHeaders,
            ...corsHeaders(request, corsOrigins),
            ...quotaHeaders(who.quotas),
            ...answer.headers,
            "x-request-id": who.requestId,
            traceparent: trace.traceparent
          })
        })
      if (trustedProxies.length === 0) return handle
      const forwarded = HttpMiddleware.xForwardedHeaders({ trustedProxies })
      return <E>(app: Effect.Effect<Answer, E>) => forwarded(handle(app))
    }),
    { global: true }
  )
