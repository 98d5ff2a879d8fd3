import { Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { Rpc, RpcMessage, RpcSerialization, RpcServer } from "effect/rpc"
import { unreadable } from "../api/Unreadable.ts"
import { problemOf, problemResponse } from "../http/ProblemBody.ts"
import type { RateLimits } from "../limits/RateLimits.ts"
import { layerRpcAuthorized } from "./RpcAuthorization.ts"
import { asOverHttp, callIn, knownCalls } from "./RpcCall.ts"
import { layerRpcHandlers } from "./RpcHandlers.ts"
import { rpcPath } from "./RpcWire.ts"
import { RpcAuthorized, WalstreamRpc } from "./WalstreamRpc.ts"

const refusal = (status: number, detail: string) => problemResponse({ ...problemOf(status), detail })
const notLines = refusal(415, "a call is sent as application/x-ndjson")
const oneCall = refusal(400, "a request carries one call, on one line")
const noCall = refusal(400, "there is no call of this name")

const { contentType, makeUnsafe } = RpcSerialization.ndjson

/** No form can send it, and no page of another origin unasked. */
const isLines = (type: string | undefined): boolean =>
  /^application\/(?:x-)?ndjson\s*(?:;|$)/iu.test(type ?? "")

/** Of a message only the call: the library would take what else it says for the request's own headers. */
const onlyCall = (message: RpcMessage.FromClientEncoded): RpcMessage.FromClientEncoded => {
  if (message._tag !== "Request") return message
  const { _tag, id, tag, payload } = message
  return { _tag, id, tag, payload, headers: [] }
}

const serialization = Layer.succeed(RpcSerialization.RpcSerialization, {
  ...RpcSerialization.ndjson,
  makeUnsafe: () => {
    const parser = makeUnsafe()
    return {
      ...parser,
      // As the library itself takes them.
      decode: (bytes: Uint8Array | string) =>
        (parser.decode(bytes) as ReadonlyArray<RpcMessage.FromClientEncoded>).map(onlyCall)
    }
  }
})

/**
 * The calls at `POST /rpc`, one a request: the library reads all before it answers any, and more answers than its queue holds
 * would wait for each other for ever. What it would pass over in a payload, or call a fault of ours, is refused before.
 */
export const layerRpcRoute = (limits: RateLimits) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const router = yield* HttpRouter.HttpRouter
      const authorized = yield* RpcAuthorized
      const answer = yield* RpcServer.toHttpEffect(WalstreamRpc, {
        // One call's defect is not another's.
        disableFatalDefects: true,
        // What waits here is sent even after a stream's end.
        streamBufferSize: 1
      })

      /** Who may not call at all is told that first. */
      const refuse = Effect.fnUntraced(function* (
        { id, payload }: { readonly id: string | number; readonly payload: unknown },
        rpc: Rpc.AnyWithProps,
        error: Schema.SchemaError
      ) {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        const requestId = RpcMessage.RequestId(id)
        const called = { client: new Rpc.ServerClient(-1), requestId, rpc, payload, headers }
        const end = yield* Effect.exit(authorized(Effect.fail(unreadable(error, asOverHttp)), called))
        // None of our calls needs a service to be written.
        const schema = Rpc.exitSchema(rpc) as unknown as Schema.Codec<unknown>
        const exit = yield* Schema.encodeUnknownEffect(Schema.toCodecJson(schema))(end)
        const line = `${JSON.stringify({ _tag: "Exit", requestId, exit })}\n`
        return HttpServerResponse.text(line, { contentType })
      })

      yield* router.add(
        "POST",
        rpcPath,
        Effect.gen(function* () {
          const { headers, text } = yield* HttpServerRequest.HttpServerRequest
          if (!isLines(headers["content-type"])) return notLines
          const call = callIn(yield* text)
          if (Option.isNone(call)) return oneCall
          const known = knownCalls.get(call.value.tag)
          if (known === undefined) return noCall
          const decoded = yield* Effect.result(known.decode(call.value.payload))
          return decoded._tag === "Failure"
            ? yield* refuse(call.value, known.rpc, decoded.failure)
            : yield* answer
        })
      )
    })
  ).pipe(Layer.provide([layerRpcHandlers, layerRpcAuthorized(limits), serialization]))
