import { Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { OriginRefused } from "../api/Problems.ts"
import { SameOrigin } from "../api/SameOrigin.ts"

type Headers = HttpServerRequest.HttpServerRequest["headers"]

/** Whether a page of this origin is one of ours. */
export const isOwnOrigin = (origin: string, host: string | undefined): boolean =>
  origin.replace(/^https?:\/\//u, "") === host

/** By what a browser says of itself, which pages cannot change; programs that are no browsers say nothing. */
export const isFromElsewhere = ({ "sec-fetch-site": site, origin, host }: Headers): boolean =>
  site === undefined
    ? origin !== undefined && !isOwnOrigin(origin, host)
    : site !== "same-origin" && site !== "none"

/** The routes that read the cookie: nobody else's pages are to, whatever the settings let in. */
const readsCookie = new Set(["refresh", "logout"])

/** Only what ends a login looks into the header at all, and does nothing by the cookie for whoever is from elsewhere. */
const readsHeader = "logout"

/** Whoever does something by the cookie, or is given it, is looked at, whatever else he shows. */
export const layerSameOrigin = (corsOrigins: ReadonlyArray<string>): Layer.Layer<SameOrigin> =>
  Layer.succeed(
    SameOrigin,
    SameOrigin.of((route, { endpoint }) =>
      Effect.gen(function* () {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        const isKnown = !readsCookie.has(endpoint.identifier) && corsOrigins.includes(headers["origin"] ?? "")
        const isByHeader = endpoint.identifier === readsHeader && headers["authorization"] !== undefined
        if (!isByHeader && !isKnown && isFromElsewhere(headers)) {
          return yield* new OriginRefused({ detail: "pages of other origins may not do this" })
        }
        return yield* route
      })
    )
  )
