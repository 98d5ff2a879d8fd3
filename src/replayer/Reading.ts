import { status } from "@grpc/grpc-js"
import { Effect } from "effect"
import { type CallError, callError } from "./CallError.ts"

/** Reads what came from a client: what cannot be read is the client's fault. */
export const reading = <A>(read: () => A): Effect.Effect<A, CallError> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(read())
    } catch (error) {
      if (error instanceof RangeError) return Effect.fail(callError(status.INVALID_ARGUMENT, error.message))
      throw error
    }
  })
