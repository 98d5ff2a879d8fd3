import { RpcSerialization } from "effect/rpc"

export const rpcPath = "/rpc"

/** A line of JSON a message, over plain requests: so streams are not kept back, and all that holds for HTTP holds. */
export const rpcSerialization = RpcSerialization.layerNdjson
