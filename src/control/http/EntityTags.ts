import { createHash } from "node:crypto"
import { Effect, Layer } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { Tagged } from "../api/Tagged.ts"

/**
 * `"<version>.<digest>"`: the row's version is what a change asks for, the digest tells apart what is shown beside the row.
 */
const tagOf = (bytes: Uint8Array): string | undefined => {
  // Our own encoders wrote it: an object.
  const { version } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly version?: unknown }
  if (typeof version !== "number") return undefined
  return `"${version}.${createHash("sha256").update(bytes).digest("base64url").slice(0, 12)}"`
}

const shape = /^"(\d{1,15})(?:\.[\w-]+)?"$/u

/** Versions that `If-Match` asks for: null for any; a tag that is none of ours matches nothing. */
export const versionsOf = (ifMatch: string | undefined): ReadonlyArray<number> | null => {
  if (ifMatch === undefined || ifMatch.trim() === "*") return null
  return ifMatch.split(",").flatMap((tag) => {
    const version = shape.exec(tag.trim())?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

const isHeld = (ifNoneMatch: string | undefined, tag: string): boolean =>
  ifNoneMatch?.split(",").some((held) => held.trim().replace(/^W\//u, "") === tag) ?? false

export const layerTagged: Layer.Layer<Tagged> = Layer.succeed(
  Tagged,
  Tagged.of((route) =>
    Effect.gen(function* () {
      const { method, headers } = yield* HttpServerRequest.HttpServerRequest
      const response = yield* route
      const { status, body } = response
      const tag = status < 300 && body._tag === "Uint8Array" ? tagOf(body.body) : undefined
      if (tag === undefined) return response
      return method === "GET" && isHeld(headers["if-none-match"], tag)
        ? HttpServerResponse.empty({ status: 304, headers: { etag: tag } })
        : HttpServerResponse.setHeader(response, "etag", tag)
    })
  )
)
