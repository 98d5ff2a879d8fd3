import { type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js"
import { Effect, Exit } from "effect"
import { statusOf } from "./CallEnd.ts"
import { type CallError, callError } from "./CallError.ts"
import { changeFromWire, positionFromWire } from "./ChangeWire.ts"
import type { EventResult, ReplayEvent } from "./EventTarget.ts"
import {
  EventOutcome,
  type ReplayEventRequest,
  type ReplayEventResponse
} from "./generated/walstream/v1/replayer.ts"
import { reading } from "./Reading.ts"
import { RelationTable } from "./RelationWire.ts"
import type { ReplayEvents } from "./ReplayEvents.ts"
import { dedupeFromWire, mismatchFromWire } from "./SessionWire.ts"

export type EventCall = ServerUnaryCall<ReplayEventRequest, ReplayEventResponse>

const outcomes: Readonly<Record<EventResult, EventOutcome>> = {
  applied: EventOutcome.EVENT_OUTCOME_APPLIED,
  duplicate: EventOutcome.EVENT_OUTCOME_DUPLICATE,
  converged: EventOutcome.EVENT_OUTCOME_CONVERGED
}

const read = ({
  history,
  position,
  relations,
  change,
  dedupe,
  onMismatch
}: ReplayEventRequest): ReplayEvent => {
  if (history === "" || position === undefined || change === undefined)
    throw new RangeError("an event lacks its history, position or change")
  const table = new RelationTable()
  table.learn(relations)
  return {
    position: positionFromWire(position),
    change: changeFromWire(change, table.at),
    dedupe: dedupeFromWire(dedupe),
    onMismatch: mismatchFromWire(onMismatch)
  }
}

/** Answers one call. `refused`: nothing new is taken any more. */
export const replayEventCall = (
  events: typeof ReplayEvents.Service,
  call: EventCall,
  answer: sendUnaryData<ReplayEventResponse>,
  refused: CallError | null
): Effect.Effect<void> => {
  const { request } = call
  const cancelled = Effect.callback<never, CallError>((resume) => {
    const gone = () => resume(Effect.fail(callError(status.CANCELLED, "the caller has gone")))
    if (call.cancelled) gone()
    else call.on("cancelled", gone)
  })
  const applied = Effect.flatMap(
    reading(() => read(request)),
    (event) => events.apply(request.target, request.history, event)
  )
  return Effect.flatMap(
    Effect.exit(refused === null ? Effect.raceFirst(applied, cancelled) : Effect.fail(refused)),
    (exit) =>
      Exit.isSuccess(exit)
        ? Effect.sync(() => answer(null, { outcome: outcomes[exit.value] }))
        : Effect.map(statusOf(exit.cause), (ended) => answer(ended))
  )
}
