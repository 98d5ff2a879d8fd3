import { Clock, Effect } from "effect"
import { Cookies, FetchHttpClient, HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { HttpApiClient, HttpApiMiddleware } from "effect/http-api"
import { Authorized } from "../../control/api/Principal.ts"
import { SecondFactorRequired } from "../../control/api/Problems.ts"
import { WalstreamApi } from "../../control/api/WalstreamApi.ts"
import { explainApiError } from "./ApiErrors.ts"
import type { StoredLogin } from "./StoredLogin.ts"

/** Before its end by so much a token is not begun with any more. */
const marginMillis = 10_000

/** What is asked for by HTTP: logging in is not one of the calls. */
const authAt = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.map(
    HttpApiClient.make(WalstreamApi, {
      baseUrl: url,
      transformClient: HttpClient.mapRequest(HttpClientRequest.setHeaders(headers))
    }).pipe(
      Effect.provide([
        FetchHttpClient.layer,
        HttpApiMiddleware.layerClient(Authorized, ({ next, request }) => next(request))
      ])
    ),
    ({ auth }) => auth
  )

/** The login as it may be kept: the token, its end, and the cookie that gets the next one. */
const loginOf = Effect.fnUntraced(function* (
  url: string,
  token: { readonly access_token: string; readonly expires_in: number },
  { cookies }: HttpClientResponse.HttpClientResponse,
  before?: string
) {
  const now = yield* Clock.currentTimeMillis
  // In ten seconds after another process has asked there is none: that one has kept it.
  const cookie = Cookies.isEmpty(cookies) ? before : Cookies.toCookieHeader(cookies)
  const login: StoredLogin = {
    url,
    token: token.access_token,
    until: now + token.expires_in * 1000,
    ...(cookie === undefined ? {} : { cookie })
  }
  return login
})

/** `otp`: where the user has a second factor; without one it fails with `SecondFactorRequired`. */
export const logIn = Effect.fnUntraced(function* (
  url: string,
  username: string,
  password: string,
  otp?: string
) {
  const auth = yield* authAt(url)
  const [token, response] = yield* auth
    .token({
      payload: { grant_type: "password", username, password, ...(otp === undefined ? {} : { otp }) },
      responseMode: "decoded-and-response"
    })
    .pipe(
      Effect.mapError((error) =>
        otp === undefined && error instanceof SecondFactorRequired ? error : explainApiError(url)(error)
      )
    )
  return yield* loginOf(url, token, response)
})

/** The same login with a token that is good for a while. Null when it is over. */
export const goOn = Effect.fnUntraced(function* (login: StoredLogin) {
  const { url, until, cookie } = login
  const now = yield* Clock.currentTimeMillis
  if (until === undefined || cookie === undefined || now < until - marginMillis) return login
  const auth = yield* authAt(url, { cookie })
  return yield* auth.refresh({ payload: {}, responseMode: "decoded-and-response" }).pipe(
    Effect.flatMap(([token, response]) => loginOf(url, token, response, cookie)),
    Effect.catchTag("Unauthorized", () => Effect.succeed(null)),
    Effect.mapError(explainApiError(url))
  )
})

/** Whose a key or token is, if it is good there. */
export const whoIs = Effect.fnUntraced(function* (url: string, token: string) {
  const auth = yield* authAt(url, { authorization: `Bearer ${token}` })
  return yield* auth.me().pipe(Effect.mapError(explainApiError(url)))
})
