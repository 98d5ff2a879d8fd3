import { Effect } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

/** Anything that has a method and a path. */
export interface Routed {
  readonly method: string
  readonly path: string
}

/**
 * 405 with `Allow` for the methods that a known path does not take: the router by itself calls that a missing path.
 */
export const methodsNotAllowed = (routes: ReadonlyArray<Routed>) =>
  HttpRouter.use((router) => {
    const taken = new Map<string, Set<string>>()
    for (const { method, path } of routes) {
      taken.set(path, (taken.get(path) ?? new Set()).add(method))
    }
    return Effect.forEach(
      taken,
      ([path, allowed]) =>
        Effect.forEach(
          methods.filter((method) => !allowed.has(method)),
          (method) =>
            router.add(
              method,
              // As the routes themselves give it.
              path as HttpRouter.PathInput,
              HttpServerResponse.empty({ status: 405, headers: { allow: [...allowed].sort().join(", ") } })
            ),
          { discard: true }
        ),
      { discard: true }
    )
  })
