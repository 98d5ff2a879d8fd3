import { BinaryWriter } from "@bufbuild/protobuf/wire"
import type { ClientDuplexStream, ServiceError } from "@grpc/grpc-js"
import { Deferred, Effect } from "effect"
import { ReplayRequest, type ReplayResponse } from "./generated/walstream/v1/replayer.ts"
import { RelationNumbers } from "./RelationWire.ts"

/** Requests go in as the bytes that they are on the wire: only so is their size known before they are sent. */
export type ClientCall = ClientDuplexStream<Buffer, ReplayResponse>

/** Kept, because a new one grows from nothing by doubling and copying, batch after batch. */
let writer = new BinaryWriter()

/** A request so large is rare: the writer does not keep room for another. */
const largeBytes = 4 * 1024 * 1024

export const encodeRequest = (request: ReplayRequest["request"]): Buffer => {
  const mine = writer
  // One that fails in the middle would begin the next request with what it has left behind.
  writer = new BinaryWriter()
  const { buffer, byteOffset, length } = ReplayRequest.encode({ request }, mine).finish()
  if (length <= largeBytes) writer = mine
  return Buffer.from(buffer, byteOffset, length)
}

type Resume = (answer: Effect.Effect<ReplayResponse, ServiceError>) => void

/** One stream to a replayer: a request, its answer, the next request. */
export class Conversation {
  /** The shapes that this stream has named. */
  readonly relations = new RelationNumbers()
  /** Bytes that one request may have: the replayer tells when it opens the session. */
  maxBytes = Number.POSITIVE_INFINITY
  readonly #call: ClientCall
  readonly #ended = Deferred.makeUnsafe<void>()
  #waiting: Resume | undefined
  #end: ServiceError | undefined

  constructor(call: ClientCall) {
    this.#call = call
    call.on("data", (response: ReplayResponse) => {
      const resume = this.#waiting
      this.#waiting = undefined
      resume?.(Effect.succeed(response))
    })
    call.on("error", (error: ServiceError) => this.#finish(error))
    // Only after `end` or a cancel do streams end without an error.
    call.on("end", () => Deferred.doneUnsafe(this.#ended, Effect.void))
  }

  get isAlive(): boolean {
    return this.#end === undefined
  }

  /** Interrupting it ends the stream: the replayer takes back what it has not committed. */
  ask(request: Buffer): Effect.Effect<ReplayResponse, ServiceError> {
    return Effect.callback((resume) => {
      if (this.#end !== undefined) return resume(Effect.fail(this.#end))
      this.#waiting = resume
      this.#call.write(request)
      return Effect.sync(() => {
        this.#waiting = undefined
        this.#call.cancel()
      })
    })
  }

  /** Ends the session, and waits until the replayer has let go of the target. */
  close(millis: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#end !== undefined) return Effect.void
      this.#call.end()
      return Effect.timeoutOrElse(Effect.interruptible(Deferred.await(this.#ended)), {
        duration: millis,
        orElse: () => Effect.sync(() => this.#call.cancel())
      })
    })
  }

  #finish(error: ServiceError): void {
    this.#end = error
    Deferred.doneUnsafe(this.#ended, Effect.void)
    const resume = this.#waiting
    this.#waiting = undefined
    resume?.(Effect.fail(error))
  }
}
