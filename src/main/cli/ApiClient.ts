import { Effect, Layer, Option, Redacted } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { RpcClient } from "effect/rpc"
import { rpcPath, rpcSerialization } from "../../control/rpc/RpcWire.ts"
import { WalstreamRpc } from "../../control/rpc/WalstreamRpc.ts"
import { readLocalAccess } from "../LocalAccess.ts"
import { Settings } from "../Settings.ts"
import { explainApiError, misuseOf } from "./ApiErrors.ts"
import { type CliFailure, misused } from "./CliFailure.ts"
import { goOn, logIn } from "./Login.ts"
import { urlFlag } from "./Root.ts"
import { loginFile, readLogin, writeLogin } from "./StoredLogin.ts"

/** The calls of one address. */
const clientFor = (url: string, token: string) =>
  RpcClient.make(WalstreamRpc).pipe(
    Effect.provide(
      RpcClient.layerProtocolHttp({
        url: `${url}${rpcPath}`,
        transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(token))
      }).pipe(Layer.provide([rpcSerialization, FetchHttpClient.layer]))
    )
  )

/**
 * Where to and as whom: WALSTREAM_API_KEY or WALSTREAM_TOKEN with --url or WALSTREAM_URL; else the instance that runs on this DATA_DIR,
 * by the password that somebody has logged in with there, or under its own login; else what `walstream login` kept.
 */
const connection = Effect.gen(function* () {
  const settings = yield* Settings
  const url = (yield* urlFlag) ?? Option.getOrUndefined(settings.walstreamUrl)
  const given = Option.orElse(settings.walstreamApiKey, () => settings.walstreamToken)
  if (Option.isSome(given)) {
    if (url === undefined)
      return yield* misused("a key or a token needs an address: set WALSTREAM_URL or --url")
    return { url, token: Redacted.value(given.value) }
  }
  const local = yield* readLocalAccess(settings.dataDir)
  const here = Option.filter(local, (access) => url === undefined || url === access.url)
  const wanted = url ?? Option.getOrUndefined(here)?.url
  const file = loginFile()
  const stored = Option.filter(
    yield* readLogin(file),
    (login) => wanted === undefined || wanted === login.url
  )
  /** Null where there is none, or it is over. */
  const kept = Effect.gen(function* () {
    if (Option.isNone(stored)) return null
    const login = yield* goOn(stored.value)
    if (login !== null && login !== stored.value) yield* writeLogin(file, login)
    return login
  })
  // A person has logged in here by itself: it may have a second factor, which the password alone would not do for.
  if (Option.isSome(here) && Option.exists(stored, ({ cookie }) => cookie !== undefined)) {
    const login = yield* kept
    if (login !== null) return login
  }
  if (Option.isSome(here)) {
    const { username, password, url: address } = here.value
    // A password that a person chose is not written down.
    const chosen = Option.match(settings.adminPassword, { onNone: () => "", onSome: Redacted.value })
    const known = password === "" ? chosen : password
    if (known !== "") {
      return yield* logIn(address, username, known).pipe(
        Effect.catchTag("SecondFactorRequired", (error) => Effect.fail(explainApiError(address)(error)))
      )
    }
  }
  if (Option.isSome(stored)) return (yield* kept) ?? stored.value
  return yield* misused(
    wanted === undefined
      ? "nothing is known to connect to: start an instance here with `npm start`, or log in with `walstream login --url URL`"
      : `no login for ${wanted}: run \`walstream login --url ${wanted}\`, or set WALSTREAM_API_KEY`
  )
})

/** The calls, for as long as the scope lives; whatever goes wrong with one is a sentence for the person at the keyboard. */
export const api = Effect.gen(function* () {
  const { url, token } = yield* connection
  const client = yield* clientFor(url, token)
  const ask = <A, E>(call: (rpc: typeof client) => Effect.Effect<A, E>): Effect.Effect<A, CliFailure> =>
    Effect.suspend(() => call(client)).pipe(
      Effect.mapError(explainApiError(url)),
      // What cannot be right does not leave, and is no fault of the program.
      Effect.catchDefect((defect) => {
        const misuse = misuseOf(defect)
        return misuse === undefined ? Effect.die(defect) : Effect.fail(misuse)
      })
    )
  return { url, ask }
})
export type Api = Effect.Success<typeof api>
