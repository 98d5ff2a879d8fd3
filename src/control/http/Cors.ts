import { type HttpServerRequest, HttpServerResponse } from "effect/http"

/** What other origins' scripts may read beside the body. */
const exposed = [
  "ETag",
  "Idempotency-Replayed",
  "Location",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "WWW-Authenticate",
  "X-Request-Id",
  "X-Token-Expired",
  "traceparent"
].join(", ")

const sendable = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "Last-Event-ID",
  "X-API-Key",
  "X-Request-Id",
  "traceparent"
].join(", ")

type Headers = Readonly<Record<string, string>>

/**
 * For scripts of other origins. Only those of the list, as they stand there, and without cookies: the cookie that we
 * have is for our own pages. Without a list nothing is said of origins at all.
 */
export const corsHeaders = (
  { headers }: HttpServerRequest.HttpServerRequest,
  origins: ReadonlyArray<string>
): Headers => {
  if (origins.length === 0) return {}
  const { origin } = headers
  if (origin === undefined || !origins.includes(origin)) return { vary: "Origin" }
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": exposed
  }
}

/** The answer to a browser that asks before it sends; undefined for all else, and for origins that are not ours to let in. */
export const preflight = (
  { method, headers }: HttpServerRequest.HttpServerRequest,
  origins: ReadonlyArray<string>
): HttpServerResponse.HttpServerResponse | undefined => {
  const { origin } = headers
  const asks = method === "OPTIONS" && headers["access-control-request-method"] !== undefined
  if (!asks || origin === undefined || !origins.includes(origin)) return undefined
  return HttpServerResponse.empty({
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, PATCH, DELETE",
      "access-control-allow-headers": sendable,
      "access-control-max-age": "600"
    }
  })
}
