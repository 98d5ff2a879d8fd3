import { isUtf8 } from "node:buffer"
import { Effect } from "effect"
import type { HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { problemOf, problemResponse } from "./ProblemBody.ts"

/** Characters of path and query together; names in the query; brackets within brackets of a JSON body. */
const longestAddress = 8192
const mostParameters = 64
const deepestBody = 64

const noSuchText = "it holds the character U+0000, which is in no text"

/**
 * What is wrong with a body's text, looked at letter by letter; undefined when nothing is. What is no JSON at all is somebody
 * else's to refuse. PostgreSQL keeps no text with U+0000 in it.
 */
const faultOf = (text: string): string | undefined => {
  let depth = 0
  let inText = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inText) {
      if (code === 0x5c) {
        i += 1
        if (text.startsWith("u0000", i)) return noSuchText
      } else if (code === 0x22) inText = false
    } else if (code === 0x22) inText = true
    else if (code === 0x5b || code === 0x7b) {
      depth += 1
      if (depth > deepestBody) return `the body is nested more than ${deepestBody} levels deep`
    } else if (code === 0x5d || code === 0x7d) depth -= 1
  }
  return undefined
}

const halfCharacter = "it holds half of a character (a surrogate alone), which is in no text"
const noUtf8 = "the body is no UTF-8"

/** Each escape of JSON, surrogates in pairs; caught is one that is alone. */
const escapes = /\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(ud[89a-f][0-9a-f]{2})|.)/gisu

const hasHalfCharacter = (text: string): boolean =>
  text.includes("\\u") && [...text.matchAll(escapes)].some(([, alone]) => alone !== undefined)

type Answer = HttpServerResponse.HttpServerResponse

const refusal = (status: number, detail: string): Answer => problemResponse({ ...problemOf(status), detail })

const countParameters = (url: string): number => {
  const start = url.indexOf("?")
  return start < 0 ? 0 : url.slice(start + 1).split("&").length
}

/** Whatever it says it is: but for a form, what takes it apart will try it as JSON. */
const carriesBody = ({ method, headers }: HttpServerRequest.HttpServerRequest): boolean =>
  method !== "GET" && method !== "HEAD" && (headers["content-length"] ?? "1") !== "0"

const isForm = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  /^application\/x-www-form-urlencoded\b/iu.test(headers["content-type"] ?? "")

const faultIn = (text: string, isAForm: boolean): string | undefined => {
  if (isAForm) return text.includes("%00") ? noSuchText : undefined
  return hasHalfCharacter(text) ? halfCharacter : faultOf(text)
}

/**
 * Refuses what is too long or too deep before anything takes it apart: parsers and schemas go down into a body one call
 * a level.
 */
export const withinLimits = <E, R>(
  request: HttpServerRequest.HttpServerRequest,
  route: Effect.Effect<Answer, E, R>
): Effect.Effect<Answer, E | HttpServerError.HttpServerError, R> => {
  const { url } = request
  if (url.length > longestAddress) {
    return Effect.succeed(refusal(414, `more than ${longestAddress} characters`))
  }
  if (countParameters(url) > mostParameters) {
    return Effect.succeed(refusal(400, `more than ${mostParameters} parameters in the query`))
  }
  if (url.includes("%00")) return Effect.succeed(refusal(400, noSuchText))
  if (!carriesBody(request)) return route
  return Effect.flatMap(request.arrayBuffer, (bytes) => {
    const fault = isUtf8(bytes) ? faultIn(new TextDecoder().decode(bytes), isForm(request)) : noUtf8
    return fault === undefined ? route : Effect.succeed(refusal(400, fault))
  })
}
