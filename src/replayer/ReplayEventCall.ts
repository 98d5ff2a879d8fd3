import type { ServerUnaryCall } from "@grpc/grpc-js"
import { Effect } from "effect"
import type { TargetError } from "../replay/TargetError.ts"
import type { CallError } from "./CallError.ts"
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

/** Applies the one change that the call brings. */
export const replayEvent = (
  events: typeof ReplayEvents.Service,
  request: ReplayEventRequest
): Effect.Effect<ReplayEventResponse, TargetError | CallError> =>
  reading(() => read(request)).pipe(
    Effect.flatMap((event) => events.apply(request.target, request.history, event)),
    Effect.map((result) => ({ outcome: outcomes[result] }))
  )
