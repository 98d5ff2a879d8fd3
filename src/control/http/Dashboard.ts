import { Effect, type Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { pathOf } from "./Admission.ts"
import { type DashboardFile, dashboardFiles } from "./DashboardFiles.ts"
import { pagePolicy } from "./ResponseHeaders.ts"

export const dashboardRoutes = [{ method: "GET", path: "/" }]

type Request = HttpServerRequest.HttpServerRequest

const notFound = HttpServerResponse.empty({ status: 404 })

const notBuilt = HttpServerResponse.text(
  "The dashboard was not built. `npm run build:ui` builds it; the API is at /api/v1/docs.\n",
  { status: 503, contentType: "text/plain; charset=utf-8" }
)

/** The best of those that the file is there in. Nobody refuses one by `;q=0` and means it. */
const encodingFor = ({ headers }: Request, { encodings }: DashboardFile) => {
  const taken = new Set(
    (headers["accept-encoding"] ?? "").split(",").map((part) => part.trim().split(";")[0])
  )
  return encodings.find((encoding) => taken.has(encoding)) ?? null
}

const send = (request: Request, file: DashboardFile, headers: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const encoding = encodingFor(request, file)
    // Part of the program: it is there, or the installation is broken.
    const body = yield* Effect.promise(() => file.read(encoding))
    return HttpServerResponse.uint8Array(body, {
      contentType: file.contentType,
      headers: {
        ...headers,
        vary: "accept-encoding",
        ...(encoding === null ? {} : { "content-encoding": encoding })
      }
    })
  })

/** Of the dashboard's own addresses: an API's, and what looks like a file, is what it is or is not there. */
const isPage = (request: Request): boolean => {
  const path = pathOf(request)
  const isOther = /^\/(?:api|rpc|assets)(?:\/|$)/u.test(path) || /\.[a-z0-9]+$/iu.test(path)
  return !isOther && (request.headers["accept"] ?? "").includes("text/html")
}

/** The dashboard: one page for all of its addresses, and files that browsers keep. It talks to the API like anybody else. */
export const layerDashboard: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const built = yield* Effect.promise(() => dashboardFiles())
    if (built === undefined) {
      yield* Effect.logWarning("the dashboard was not built: npm run build:ui")
      yield* router.add("GET", "/", Effect.succeed(notBuilt))
      return
    }
    const { index, tag, assets } = built
    const page = (request: Request) => {
      const headers = { etag: `"${tag}"`, "cache-control": "no-cache", "content-security-policy": pagePolicy }
      return request.headers["if-none-match"] === headers.etag
        ? Effect.succeed(HttpServerResponse.empty({ status: 304, headers }))
        : send(request, index, headers)
    }
    yield* router.add("GET", "/", Effect.flatMap(HttpServerRequest.HttpServerRequest, page))
    yield* router.add(
      "GET",
      "/assets/*",
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
        const file = assets.get(pathOf(request).slice("/assets/".length))
        return file === undefined
          ? Effect.succeed(notFound)
          : send(request, file, { "cache-control": "public, max-age=31536000, immutable" })
      })
    )
    yield* router.add(
      "GET",
      "/*",
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        isPage(request) ? page(request) : Effect.succeed(notFound)
      )
    )
  })
)
