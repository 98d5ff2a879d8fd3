import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { Readiness } from "../Readiness.ts"

const alive = { status: "ok" as const }

export const layerHealthHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const { read } = yield* Readiness
    return handlers.handleAll({ live: () => Effect.succeed(alive), ready: () => read })
  })
)

const paths = { live: "/healthz", ready: "/readyz" } as const

export const healthAliasRoutes = Object.values(paths).map((path) => ({ method: "GET", path }))

/** The same two under the names that orchestrators ask for by habit. */
export const layerHealthAliases: Layer.Layer<never, never, HttpRouter.HttpRouter | Readiness> = Layer.unwrap(
  Effect.map(Readiness, ({ read }) =>
    Layer.mergeAll(
      HttpRouter.add("GET", paths.live, HttpServerResponse.jsonUnsafe(alive)),
      HttpRouter.add(
        "GET",
        paths.ready,
        Effect.match(read, {
          onSuccess: (body) => HttpServerResponse.jsonUnsafe(body),
          onFailure: (body) => HttpServerResponse.jsonUnsafe(body, { status: 503 })
        })
      )
    )
  )
)
