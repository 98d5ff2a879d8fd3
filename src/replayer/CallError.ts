import { status } from "@grpc/grpc-js"
import { Schema } from "effect"

/** A call that ends without a target's reason: it was no proper request, or the replayer cannot take it now. */
export class CallError extends Schema.TaggedError<CallError>()("CallError", {
  /** A gRPC status code. */
  code: Schema.Int,
  detail: Schema.String
}) {
  override get message(): string {
    return this.detail
  }
}

export const callError = (code: status, detail: string): CallError => new CallError({ code, detail })

export const noTarget = (name: string, names: ReadonlyArray<string>): CallError =>
  callError(
    status.NOT_FOUND,
    `the replayer has no target ${JSON.stringify(name)} (it has: ${names.join(", ")})`
  )

export const isStopping = (): CallError => callError(status.UNAVAILABLE, "the replayer is stopping")
