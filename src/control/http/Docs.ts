import { Effect, type Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApiScalar } from "effect/http-api"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { pagePolicy } from "./ResponseHeaders.ts"

/** Scalar builds its styles in the browser; scripts come from us and from nowhere else. */
const docsPolicy = pagePolicy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

const path = "/api/v1/docs"

export const docsRoutes = ["", "/scalar.js", "/start.js"].map((end) => ({
  method: "GET",
  path: `${path}${end}`
}))

/** Nothing that leads to, loads from or tells another host. */
const scalar = {
  withDefaultFonts: false,
  hideModels: true,
  showDeveloperTools: "never",
  hideClientButton: true,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true }
}

/** The page as Effect renders it: 3 MB with its two scripts inline, which our policy forbids. */
const render = Effect.promise(async () => {
  const { handler, dispose } = HttpRouter.toWebHandler(HttpApiScalar.layer(WalstreamApi, { path, scalar }), {
    disableLogger: true
  })
  const response = await handler(new Request(`http://localhost${path}`))
  const html = await response.text()
  await dispose()
  return html
})

/** Takes the inline scripts out into files of their own, so that they are cached and no inline script is allowed. */
const split = (html: string) => {
  const scripts: Array<string> = []
  const names = ["scalar.js", "start.js"]
  const page = html.replaceAll(/<script>([\s\S]*?)<\/script>/gu, (_, script: string) => {
    const name = names[scripts.length] ?? ""
    scripts.push(script)
    return `<script src="${path}/${name}"></script>`
  })
  return { page, scripts }
}

const script = (text: string | undefined) =>
  HttpServerResponse.text(text ?? "", {
    contentType: "text/javascript; charset=utf-8",
    headers: { "cache-control": "public, max-age=3600" }
  })

/** The browsable contract. Made at the first visit and then kept: it takes a moment and 3 MB. */
export const layerDocs: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const made = yield* Effect.cached(Effect.map(render, split))
    yield* router.add(
      "GET",
      path,
      Effect.map(made, ({ page }) =>
        HttpServerResponse.html(page).pipe(
          HttpServerResponse.setHeader("content-security-policy", docsPolicy)
        )
      )
    )
    yield* router.add(
      "GET",
      `${path}/scalar.js`,
      Effect.map(made, ({ scripts }) => script(scripts[0]))
    )
    yield* router.add(
      "GET",
      `${path}/start.js`,
      Effect.map(made, ({ scripts }) => script(scripts[1]))
    )
  })
)
