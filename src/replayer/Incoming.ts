import { type ServerDuplexStream, status } from "@grpc/grpc-js"
import { type Cause, Deferred, Effect, Queue } from "effect"
import { type CallError, callError } from "./CallError.ts"
import type { ReplayRequest, ReplayResponse } from "./generated/walstream/v1/replayer.ts"

/** A request and how many bytes it came in. */
export interface Arrived {
  readonly request: ReplayRequest
  readonly bytes: number
}

export type ReplayCall = ServerDuplexStream<Arrived, ReplayResponse>

/** Requests that may wait beside the one in hand, whatever their size. */
const mostWaiting = 64

/**
 * What comes in on one stream. It is read as it comes, so that the end of the call is seen at once; that memory stays
 * bounded is the client's to keep, by its credit, and a client that does not is cut off.
 */
export class Incoming {
  readonly #queue = Effect.runSync(Queue.unbounded<Arrived, Cause.Done>())
  readonly #broken = Deferred.makeUnsafe<void, CallError>()
  /** Bytes of batches that are not answered. */
  #held = 0

  constructor(call: ReplayCall, creditBytes: number) {
    const over = (detail: string) =>
      Deferred.doneUnsafe(this.#broken, Effect.fail(callError(status.RESOURCE_EXHAUSTED, detail)))
    call.on("data", (arrived: Arrived) => {
      if (arrived.request.request?.$case === "batch") {
        if (this.#held > 0 && this.#held + arrived.bytes > creditBytes)
          return over(`batches of more than ${creditBytes} bytes were sent ahead of their answers`)
        this.#held += arrived.bytes
      }
      if (Queue.sizeUnsafe(this.#queue) >= mostWaiting)
        return over(`more than ${mostWaiting} requests were sent ahead of their answers`)
      return Queue.offerUnsafe(this.#queue, arrived)
    })
    call.on("end", () => Queue.endUnsafe(this.#queue))
    const gone = () => Deferred.doneUnsafe(this.#broken, Effect.void)
    call.on("cancelled", gone)
    if (call.cancelled) gone()
  }

  /** The next request; fails with `Done` when the client has ended its side. */
  get take(): Effect.Effect<Arrived, Cause.Done> {
    return Queue.take(this.#queue)
  }

  /** Completes when the call was cancelled, ran out of time, or was lost; fails when its client sends too much. */
  get broken(): Effect.Effect<void, CallError> {
    return Deferred.await(this.#broken)
  }

  /** Gives back the credit of a batch. */
  answered({ bytes }: Arrived): void {
    this.#held -= bytes
  }
}
