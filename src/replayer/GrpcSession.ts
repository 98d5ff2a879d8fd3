import type { ServiceError } from "@grpc/grpc-js"
import { Effect, type Scope, Semaphore } from "effect"
import type { ApplyBatch, ApplyMode, ApplyOptions, TargetSession } from "../replay/Target.ts"
import { TargetError } from "../replay/TargetError.ts"
import { positionFromWire } from "./ChangeWire.ts"
import { type ClientCall, Conversation, encodeRequest } from "./Conversation.ts"
import { failureFromWire, targetErrorOf } from "./FailureWire.ts"
import type { ReplayResponse } from "./generated/walstream/v1/replayer.ts"
import { batchToWire, countersFromWire, modeFromWire, openToWire } from "./SessionWire.ts"
import { fromWide } from "./WireNumber.ts"

export interface GrpcSessionOptions {
  readonly target: string
  readonly dryRun: boolean
  readonly apply: ApplyOptions
  /** Begins a stream. */
  readonly call: () => ClientCall
  /** Milliseconds for the replayer to open the target. */
  readonly openMillis: number
}

/** How long the end of a session waits for the replayer to have let go of the target. */
const closeMillis = 1000

/**
 * A job's way into a target through a replayer. A stream that was lost is begun anew with the next request: where the
 * target stands is for its ledger to say.
 */
export const openGrpcSession = Effect.fnUntraced(function* (
  options: GrpcSessionOptions
): Effect.fn.Return<TargetSession, TargetError, Scope.Scope> {
  const { target, dryRun, apply, openMillis } = options
  const turn = yield* Semaphore.make(1)
  let current: Conversation | undefined
  let mode: ApplyMode | null = null

  const unavailable = (detail: string) => new TargetError({ target, reason: { _tag: "Unavailable", detail } })
  const refused = (detail: string) => new TargetError({ target, reason: { _tag: "Refused", detail } })

  const strange = refused("the replayer's answer is none that this version knows")

  /** The replayer's answer; its refusal is the target's own. */
  const settle = (asked: Effect.Effect<ReplayResponse, ServiceError>) =>
    Effect.matchEffect(asked, {
      onFailure: (error) => Effect.fail(targetErrorOf(target, error)),
      onSuccess: ({ response }) =>
        response === undefined
          ? Effect.fail(strange)
          : response.$case === "failed"
            ? Effect.fail(failureFromWire(response.value))
            : Effect.succeed(response)
    })

  const open = Effect.gen(function* () {
    const conversation = new Conversation(options.call())
    current = conversation
    const request = encodeRequest({ $case: "open", value: openToWire(target, dryRun, apply) })
    const opened = yield* Effect.timeoutOrElse(settle(conversation.ask(request)), {
      duration: openMillis,
      orElse: () => Effect.fail(unavailable(`the replayer does not answer within ${openMillis} ms`))
    })
    if (opened.$case !== "opened") return yield* strange
    conversation.maxBytes = fromWide(opened.value.maxMessageBytes)
    conversation.creditBytes = fromWide(opened.value.creditBytes)
    return conversation
  })

  const connect = Effect.suspend(() => (current?.isAlive === true ? Effect.succeed(current) : open))

  /** Ready to be sent. */
  const encode = Effect.fnUntraced(function* (batch: ApplyBatch) {
    const conversation = yield* connect
    const value = batchToWire(batch, conversation.relations)
    const request = encodeRequest({ $case: "batch", value })
    if (request.length > conversation.maxBytes)
      return yield* refused(
        `the replayer takes no more than ${conversation.maxBytes} bytes at once, and transaction ${batch.until.seq} needs ${request.length}: raise its limit`
      )
    yield* Effect.onInterrupt(conversation.room(request.length), () =>
      Effect.sync(() => conversation.relations.giveBack(value.relations))
    )
    return { conversation, request }
  })

  yield* Effect.addFinalizer(() => current?.close(closeMillis) ?? Effect.void)
  yield* connect
  return {
    position: Effect.gen(function* () {
      const conversation = yield* connect
      const asked = conversation.ask(encodeRequest({ $case: "askPosition", value: {} }))
      const standing = yield* settle(asked)
      if (standing.$case !== "standing") return yield* strange
      const { position } = standing.value
      return position === undefined ? null : positionFromWire(position)
    }).pipe(turn.withPermit),
    apply: (batch) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          // Sent in the order of the calls; the next one may be sent before this one is answered.
          const answer = yield* turn.withPermit(
            Effect.flatMap(restore(encode(batch)), ({ conversation, request }) =>
              conversation.send(request, request.length)
            )
          )
          const applied = yield* restore(settle(answer))
          if (applied.$case !== "applied") return yield* strange
          mode = modeFromWire(applied.value.mode) ?? mode
          return countersFromWire(applied.value)
        })
      ),
    mode: () => mode
  }
})
