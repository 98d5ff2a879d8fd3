import { type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js"
import { Effect, Exit } from "effect"
import type { TargetError } from "../replay/TargetError.ts"
import { statusOf } from "./CallEnd.ts"
import { type CallError, callError } from "./CallError.ts"

/** Answers one call with what `work` gives; a caller that goes away interrupts it. */
export const answerCall = <Request, Response, R>(
  call: ServerUnaryCall<Request, Response>,
  answer: sendUnaryData<Response>,
  work: Effect.Effect<Response, TargetError | CallError, R>
): Effect.Effect<void, never, R> => {
  const cancelled = Effect.callback<never, CallError>((resume) => {
    const gone = () => resume(Effect.fail(callError(status.CANCELLED, "the caller has gone")))
    if (call.cancelled) gone()
    else call.on("cancelled", gone)
  })
  return Effect.flatMap(Effect.exit(Effect.raceFirst(work, cancelled)), (exit) =>
    Exit.isSuccess(exit)
      ? Effect.sync(() => answer(null, exit.value))
      : Effect.map(statusOf(exit.cause), (ended) => answer(ended))
  )
}
