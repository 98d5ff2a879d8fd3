import { Effect, Option, Redacted } from "effect"
import { FetchHttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient, HttpApiMiddleware } from "effect/http-api"
import { Authorized } from "../../control/api/Principal.ts"
import { WalstreamApi } from "../../control/api/WalstreamApi.ts"
import { readLocalAccess } from "../LocalAccess.ts"
import { Settings } from "../Settings.ts"
import { explainApiError } from "./ApiErrors.ts"
import { misused } from "./CliFailure.ts"
import { urlFlag } from "./Root.ts"
import { loginFile, readLogin } from "./StoredLogin.ts"

/** A client of the contract for one address. The token is sent where the contract asks for one. */
const clientFor = (baseUrl: string, token: string) =>
  HttpApiClient.make(WalstreamApi, { baseUrl }).pipe(
    Effect.provide([
      FetchHttpClient.layer,
      HttpApiMiddleware.layerClient(Authorized, ({ next, request }) =>
        next(HttpClientRequest.bearerToken(request, token))
      )
    ])
  )

export const requestToken = Effect.fnUntraced(function* (url: string, username: string, password: string) {
  const client = yield* clientFor(url, "")
  return yield* client.auth
    .token({ payload: { grant_type: "password", username, password } })
    .pipe(Effect.mapError(explainApiError(url)))
})

/**
 * Where to and as whom: WALSTREAM_TOKEN with --url or WALSTREAM_URL; else the instance that runs on this DATA_DIR,
 * under its own login; else what `walstream login` kept.
 */
const connection = Effect.gen(function* () {
  const settings = yield* Settings
  const url = (yield* urlFlag) ?? Option.getOrUndefined(settings.walstreamUrl)
  if (Option.isSome(settings.walstreamToken)) {
    if (url === undefined)
      return yield* misused("WALSTREAM_TOKEN needs an address: set WALSTREAM_URL or --url")
    return { url, token: Redacted.value(settings.walstreamToken.value) }
  }
  const local = yield* readLocalAccess(settings.dataDir)
  const here = Option.filter(local, (access) => url === undefined || url === access.url)
  if (Option.isSome(here)) {
    const { username, password, url: address } = here.value
    // A password that a person chose is not written down.
    const chosen = Option.match(settings.adminPassword, { onNone: () => "", onSome: Redacted.value })
    const known = password === "" ? chosen : password
    if (known !== "") {
      const token = yield* requestToken(address, username, known)
      return { url: address, token: token.access_token }
    }
  }
  const wanted = url ?? Option.getOrUndefined(here)?.url
  const stored = yield* readLogin(loginFile())
  if (Option.isSome(stored) && (wanted === undefined || wanted === stored.value.url)) return stored.value
  return yield* misused(
    wanted === undefined
      ? "nothing is known to connect to: start an instance here with `npm start`, or log in with `walstream login --url URL`"
      : `no login for ${wanted}: run \`walstream login --url ${wanted}\`, or set WALSTREAM_TOKEN`
  )
})

/** The API as methods; each failure is a sentence for the person at the keyboard. */
export const api = Effect.gen(function* () {
  const { url, token } = yield* connection
  const client = yield* clientFor(url, token)
  return { url, client, explain: explainApiError(url) }
})
