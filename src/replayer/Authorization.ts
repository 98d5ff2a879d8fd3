import { createHash, timingSafeEqual } from "node:crypto"
import { ServerInterceptingCall, type ServerInterceptor, ServerListenerBuilder, status } from "@grpc/grpc-js"
import { Redacted } from "effect"

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Probes come without a token. They learn nothing but whether the server takes calls. */
const open = "/grpc.health.v1.Health/"

/** Lets calls in that carry `authorization: Bearer TOKEN`. Compared by digest: the time tells nothing of the token. */
export const bearerInterceptor = (token: Redacted.Redacted): ServerInterceptor => {
  const expected = digest(`Bearer ${Redacted.value(token)}`)
  return (method, call) => {
    if (method.path.startsWith(open)) return new ServerInterceptingCall(call)
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const [given] = metadata.get("authorization")
        if (typeof given === "string" && timingSafeEqual(digest(given), expected)) return next(metadata)
        return call.sendStatus({
          code: status.UNAUTHENTICATED,
          details: given === undefined ? "a bearer token is needed" : "the bearer token is not the right one"
        })
      })
      .build()
    return new ServerInterceptingCall(call, { start: (next) => next(listener) })
  }
}
