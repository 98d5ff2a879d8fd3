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

/** A request that is not answered. */
interface Asked {
  /** Bytes of credit that it takes. */
  readonly credit: number
  readonly answer: Deferred.Deferred<ReplayResponse, ServiceError>
  isWanted: boolean
}

/** One stream to a replayer: requests, and their answers in the same order. */
export class Conversation {
  /** The shapes that this stream has named. */
  readonly relations = new RelationNumbers()
  /** Bytes that one request may have: the replayer tells when it opens the session. */
  maxBytes = Number.POSITIVE_INFINITY
  /** Bytes of batches that may be without an answer: told with it. */
  creditBytes = 0
  readonly #call: ClientCall
  readonly #ended = Deferred.makeUnsafe<void>()
  readonly #asked: Array<Asked> = []
  /** Who waits for an answer to give credit back. */
  #waiting: (() => void) | undefined
  #end: ServiceError | undefined

  constructor(call: ClientCall) {
    this.#call = call
    call.on("data", (response: ReplayResponse) => {
      const asked = this.#asked.shift()
      if (asked !== undefined) Deferred.doneUnsafe(asked.answer, Effect.succeed(response))
      this.#waiting?.()
      this.#cancelUnwanted()
    })
    call.on("error", (error: ServiceError) => this.#finish(error))
    // Only after `end` or a cancel do streams end without an error.
    call.on("end", () => Deferred.doneUnsafe(this.#ended, Effect.void))
  }

  get isAlive(): boolean {
    return this.#end === undefined
  }

  /** Waits until the replayer takes a batch of this size beside those that it has not answered. It always takes one. */
  room(size: number): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const look = (): void => {
        const held = this.#asked.reduce((sum, { credit }) => sum + credit, 0)
        if (held > 0 && held + size > this.creditBytes && this.isAlive) return
        this.#waiting = undefined
        resume(Effect.void)
      }
      this.#waiting = look
      look()
      return Effect.sync(() => {
        this.#waiting = undefined
      })
    })
  }

  /**
   * Sends a request and gives what waits for its answer. Interrupting that ends the stream once all that was asked before
   * is answered: the replayer takes back what it has not committed.
   */
  send(request: Buffer, credit = 0): Effect.Effect<Effect.Effect<ReplayResponse, ServiceError>> {
    return Effect.sync(() => {
      if (this.#end !== undefined) return Effect.fail(this.#end)
      const asked: Asked = { credit, answer: Deferred.makeUnsafe(), isWanted: true }
      this.#asked.push(asked)
      this.#call.write(request)
      return Effect.onInterrupt(Deferred.await(asked.answer), () =>
        Effect.sync(() => {
          asked.isWanted = false
          this.#cancelUnwanted()
        })
      )
    })
  }

  ask(request: Buffer): Effect.Effect<ReplayResponse, ServiceError> {
    return Effect.flatten(this.send(request))
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

  #cancelUnwanted(): void {
    if (this.#asked[0]?.isWanted === false) this.#call.cancel()
  }

  #finish(error: ServiceError): void {
    this.#end = error
    Deferred.doneUnsafe(this.#ended, Effect.void)
    for (const { answer } of this.#asked.splice(0)) Deferred.doneUnsafe(answer, Effect.fail(error))
    this.#waiting?.()
  }
}
