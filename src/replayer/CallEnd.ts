import { status } from "@grpc/grpc-js"
import { Cause, Effect, Option } from "effect"
import { TargetError } from "../replay/TargetError.ts"
import { errorText } from "../runtime/ErrorText.ts"
import type { CallError } from "./CallError.ts"
import { type CallStatus, failureStatus } from "./FailureWire.ts"

const stopping: CallStatus = { code: status.UNAVAILABLE, details: "the replayer is stopping" }
// What a defect says is for our own log.
const defect: CallStatus = { code: status.INTERNAL, details: "the replayer failed; its log says why" }

/** How a call ends that failed; null for one that the client has ended. */
export const statusOf = (
  cause: Cause.Cause<TargetError | CallError | Cause.Done>
): Effect.Effect<CallStatus | null> => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (error instanceof TargetError) return Effect.succeed(failureStatus(error))
  if (error?._tag === "CallError") return Effect.succeed({ code: error.code, details: error.detail })
  if (Cause.isDone(error)) return Effect.succeed(null)
  if (Cause.hasInterruptsOnly(cause)) return Effect.succeed(stopping)
  return Effect.as(Effect.logError("a call failed", { detail: errorText(cause) }), defect)
}
