import { readFile } from "node:fs/promises"
import { Effect, type Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { pagePolicy } from "./ResponseHeaders.ts"

/** Beside `src` in the repository, beside the compiled `src` in `dist`. */
const folder = new URL("../../../ui/status/", import.meta.url)

const files = [
  { path: "/", file: "index.html", contentType: "text/html; charset=utf-8" },
  { path: "/status.css", file: "status.css", contentType: "text/css; charset=utf-8" },
  { path: "/status.js", file: "status.js", contentType: "text/javascript; charset=utf-8" },
  { path: "/words.js", file: "words.js", contentType: "text/javascript; charset=utf-8" }
] as const

export const statusPageRoutes = files.map(({ path }) => ({ method: "GET", path }))

/** A plain page at `/` that shows what goes on and drives jobs. It talks to the API like anybody else. */
export const layerStatusPage: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.use((router) =>
  Effect.forEach(
    files,
    ({ path, file, contentType }) =>
      Effect.gen(function* () {
        // Part of the program: it is there, or the installation is broken.
        const text = yield* Effect.promise(() => readFile(new URL(file, folder), "utf8"))
        const response = HttpServerResponse.text(text, {
          contentType,
          headers: { "content-security-policy": pagePolicy, "cache-control": "no-cache" }
        })
        yield* router.add("GET", path, Effect.succeed(response))
      }),
    { discard: true }
  )
)
