import { Clock, Effect } from "effect"
import { type Cookies, HttpEffect, HttpServerRequest, HttpServerResponse } from "effect/http"

/** Whether browsers are to send it back over TLS only; auto: where it was asked for over TLS. */
export type CookieSecurity = "auto" | "on" | "off"

type Request = HttpServerRequest.HttpServerRequest

/** Only these routes are sent it. */
const path = "/api/v1/auth"

/** A browser that speaks TLS with us says so itself; a trusted proxy says it for others. */
const isOverTls = ({ headers, protocol }: Request): boolean =>
  protocol === "https" || headers["origin"]?.startsWith("https://") === true

const isSecure = (request: Request, security: CookieSecurity): boolean =>
  security === "auto" ? isOverTls(request) : security === "on"

/** With the prefix no page over plain HTTP, and none of a sister domain without TLS, can have set it. */
const nameOf = (secure: boolean): string => (secure ? "__Secure-walstream_refresh" : "walstream_refresh")

const optionsOf = (secure: boolean): NonNullable<Cookies.Cookie["options"]> => ({
  httpOnly: true,
  sameSite: "strict",
  path,
  secure
})

export const readRefreshCookie = (security: CookieSecurity) =>
  Effect.map(
    HttpServerRequest.HttpServerRequest,
    (request): string => request.cookies[nameOf(isSecure(request, security))] ?? ""
  )

/** Until then, in milliseconds since 1970. */
export const setRefreshCookie = (security: CookieSecurity, token: string, until: number) =>
  Effect.gen(function* () {
    const secure = isSecure(yield* HttpServerRequest.HttpServerRequest, security)
    const maxAge = Math.max(0, until - (yield* Clock.currentTimeMillis))
    yield* HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(
        HttpServerResponse.setCookieUnsafe(response, nameOf(secure), token, {
          ...optionsOf(secure),
          maxAge
        })
      )
    )
  })

export const removeRefreshCookie = (security: CookieSecurity) =>
  Effect.gen(function* () {
    const secure = isSecure(yield* HttpServerRequest.HttpServerRequest, security)
    yield* HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.expireCookieUnsafe(response, nameOf(secure), optionsOf(secure)))
    )
  })
