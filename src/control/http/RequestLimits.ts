import { isUtf8 } from "node:buffer"
import { Effect } from "effect"
import type { HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { BodyRoom } from "./BodyRoom.ts"
import { problemOf, problemResponse } from "./ProblemBody.ts"

/** Characters of path and query together; names in the query or a form; values of a JSON body, and brackets within brackets. */
const longestAddress = 8192
const mostParameters = 64
const mostValues = 2000
const deepestBody = 64

const noSuchText = "it holds the character U+0000, which is in no text"
const halfCharacter = "it holds half of a character (a surrogate alone), which is in no text"
const noUtf8 = "the body is no UTF-8"

/** The 16 bits that an escape stands for (`\\u` is before `at`); NaN where there is none. */
const unitAt = (text: string, at: number): number => Number.parseInt(text.slice(at, at + 4), 16)
const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff

/**
 * What is wrong with a body's text, looked at letter by letter; undefined when nothing is. What is no JSON at all is somebody
 * else's to refuse. PostgreSQL keeps no text with U+0000 in it.
 */
const faultOf = (text: string): string | undefined => {
  let depth = 0
  let values = 1
  let inText = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inText) {
      if (code === 0x22) inText = false
      if (code !== 0x5c) continue
      i += 1
      if (text.charCodeAt(i) !== 0x75) continue
      const unit = unitAt(text, i + 1)
      if (unit === 0) return noSuchText
      if (isLow(unit)) return halfCharacter
      if (!isHigh(unit)) continue
      if (!text.startsWith("\\u", i + 5) || !isLow(unitAt(text, i + 7))) return halfCharacter
      i += 10
    } else if (code === 0x22) inText = true
    else if (code === 0x2c) {
      values += 1
      if (values > mostValues) return `the body has more than ${mostValues} values`
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1
      if (depth > deepestBody) return `the body is nested more than ${deepestBody} levels deep`
    } else if (code === 0x5d || code === 0x7d) depth -= 1
  }
  return undefined
}

type Answer = HttpServerResponse.HttpServerResponse

const refusal = (status: number, detail: string): Answer => problemResponse({ ...problemOf(status), detail })

const countParameters = (url: string): number => {
  const start = url.indexOf("?")
  return start < 0 ? 0 : url.slice(start + 1).split("&").length
}

/**
 * The router passes over what is behind `;` and `#`, and takes several slashes for one: whoever counts requests by their path
 * would take such a one for another.
 */
const isReadOtherwise = (url: string): boolean => /[;#]|\/\//u.test(url.split("?", 1)[0] ?? "")

/** Whatever it says it is: but for a form, what takes it apart will try it as JSON. */
const carriesBody = ({ method, headers }: HttpServerRequest.HttpServerRequest): boolean =>
  method !== "GET" && method !== "HEAD" && (headers["content-length"] ?? "1") !== "0"

const isForm = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  /^application\/x-www-form-urlencoded\b/iu.test(headers["content-type"] ?? "")

const faultIn = (text: string, isAForm: boolean): string | undefined => {
  if (!isAForm) return faultOf(text)
  if (text.split("&", mostParameters + 1).length > mostParameters) {
    return `the form has more than ${mostParameters} fields`
  }
  return text.includes("%00") ? noSuchText : undefined
}

/**
 * Refuses what is too long, too much or too deep before anything takes it apart: parsers and schemas go down into a body one call
 * a level.
 */
export const withinLimits = <E, R>(
  request: HttpServerRequest.HttpServerRequest,
  room: BodyRoom,
  route: Effect.Effect<Answer, E, R>
): Effect.Effect<Answer, E | HttpServerError.HttpServerError, R> => {
  const { url } = request
  if (url.length > longestAddress) {
    return Effect.succeed(refusal(414, `more than ${longestAddress} characters`))
  }
  if (countParameters(url) > mostParameters) {
    return Effect.succeed(refusal(400, `more than ${mostParameters} parameters in the query`))
  }
  if (isReadOtherwise(url)) return Effect.succeed(problemResponse(problemOf(404)))
  if (url.includes("%00")) return Effect.succeed(refusal(400, noSuchText))
  if (!carriesBody(request)) return route
  const then = (bytes: ArrayBuffer): Effect.Effect<Answer, E | HttpServerError.HttpServerError, R> => {
    const fault = isUtf8(bytes) ? faultIn(new TextDecoder().decode(bytes), isForm(request)) : noUtf8
    return fault === undefined ? route : Effect.succeed(refusal(400, fault))
  }
  return room<ArrayBuffer, E | HttpServerError.HttpServerError, R>(request, request.arrayBuffer, then)
}
