import { Schema } from "effect"
import type { Rpc } from "effect/rpc"
import type { FieldError } from "../api/Problems.ts"
import { WalstreamRpc } from "./WalstreamRpc.ts"

const decodeMessage = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      _tag: Schema.Literal("Request"),
      id: Schema.Union([Schema.String, Schema.Finite]),
      tag: Schema.String,
      payload: Schema.Unknown
    })
  )
)

/** The one call that a request's body holds, on one line; none where it holds anything else. */
export const callIn = (text: string) => decodeMessage(/^([^\r\n]+)\r?\n$/u.exec(text)?.[1])

/** The calls that there are, each with what reads its payload as strictly as HTTP does. */
export const knownCalls = new Map(
  [...WalstreamRpc.requests].map(([tag, made]) => {
    // What each of them is beneath its own types; none needs a service to be read.
    const rpc = made as unknown as Rpc.AnyWithProps
    const schema = rpc.payloadSchema as Schema.Codec<unknown>
    const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(schema), {
      errors: "all",
      onExcessProperty: "error"
    })
    return [String(tag), { rpc, decode }] as const
  })
)

/** Its field as HTTP names it, where the parts of a request are apart. */
export const asOverHttp = ({ path, message }: FieldError): FieldError => ({
  path: path.replace(/^(?:payload|params|query)(?:\.|$)/u, ""),
  message
})
