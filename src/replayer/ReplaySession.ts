import { status } from "@grpc/grpc-js"
import { Cause, Effect, Fiber, Queue, type Scope } from "effect"
import { type TargetSession, Targets } from "../replay/Target.ts"
import type { TargetError } from "../replay/TargetError.ts"
import { statusOf } from "./CallEnd.ts"
import { type CallError, callError, isStopping, noTarget } from "./CallError.ts"
import { positionToWire } from "./ChangeWire.ts"
import { failureToWire } from "./FailureWire.ts"
import type { OpenSession, ReplayResponse } from "./generated/walstream/v1/replayer.ts"
import type { Arrived, Incoming, ReplayCall } from "./Incoming.ts"
import { reading } from "./Reading.ts"
import { RelationTable } from "./RelationWire.ts"
import { appliedToWire, batchFromWire, openFromWire, protocolLevel } from "./SessionWire.ts"

export interface SessionLimits {
  /** Bytes of one request. */
  readonly maxMessageBytes: number
  /** Bytes of batches that a client may send ahead of their answers. */
  readonly creditBytes: number
}

type SessionError = TargetError | CallError

const openTarget = Effect.fnUntraced(function* (open: OpenSession) {
  const targets = yield* Targets
  const options = yield* reading(() => openFromWire(open))
  if (!open.dryRun && !targets.names.includes(open.target)) return yield* noTarget(open.target, targets.names)
  return yield* targets.open(open.target, open.dryRun, options)
})

/** Answers what a target says no to: the session goes on. */
const orFailed = (
  answer: Effect.Effect<ReplayResponse, SessionError>
): Effect.Effect<ReplayResponse, CallError> =>
  Effect.catchTag(answer, "TargetError", (error) =>
    Effect.succeed<ReplayResponse>({
      response: { $case: "failed", value: failureToWire(error) },
      creditBytes: 0n
    })
  )

const makeAnswer = (session: TargetSession) => {
  const relations = new RelationTable()
  return ({ request }: Arrived): Effect.Effect<ReplayResponse, CallError> => {
    switch (request.request?.$case) {
      case "askPosition":
        return orFailed(
          Effect.map(session.position, (position) => ({
            response: {
              $case: "standing",
              value: { position: position === null ? undefined : positionToWire(position) }
            },
            creditBytes: 0n
          }))
        )
      case "batch": {
        const { value } = request.request
        return orFailed(
          Effect.map(
            Effect.flatMap(
              reading(() => batchFromWire(value, relations)),
              session.apply
            ),
            (counters) => ({
              response: { $case: "applied", value: appliedToWire(counters, session.mode()) },
              creditBytes: 0n
            })
          )
        )
      }
      case "open":
        return Effect.fail(callError(status.INVALID_ARGUMENT, "the session is open already"))
      case undefined:
        return Effect.fail(callError(status.UNIMPLEMENTED, "the request is none that this replayer knows"))
    }
  }
}

/** Works off one stream until its client has ended it, or `stopping` comes between two requests. */
const converse = Effect.fnUntraced(function* (
  call: ReplayCall,
  incoming: Incoming,
  limits: SessionLimits,
  stopping: Effect.Effect<void>
): Effect.fn.Return<void, SessionError | Cause.Done, Targets | Scope.Scope> {
  const stopped = Effect.andThen(
    stopping,
    Effect.suspend(() => Effect.fail(isStopping()))
  )
  const next = Effect.raceFirst(incoming.take, stopped)
  const first = (yield* next).request.request
  if (first?.$case !== "open")
    return yield* callError(status.INVALID_ARGUMENT, "the first request of a stream opens its session")
  const session = yield* openTarget(first.value)
  yield* Effect.annotateLogsScoped({ job_id: first.value.jobId, target: first.value.target })
  const opened = {
    creditBytes: BigInt(limits.creditBytes),
    maxMessageBytes: BigInt(limits.maxMessageBytes),
    protocolLevel: Math.min(protocolLevel, Math.max(1, first.value.protocolLevel))
  }
  call.write({ response: { $case: "opened", value: opened }, creditBytes: 0n })
  const answer = makeAnswer(session)
  const begun = yield* Queue.bounded<Begun, Cause.Done>(1)

  /** Decodes what comes and gives it to the target, which takes it in this order, before what came before is answered. */
  const read = Effect.gen(function* () {
    for (;;) {
      const arrived = yield* next
      const answering = yield* Effect.forkScoped(answer(arrived), { startImmediately: true })
      yield* Queue.offer(begun, { arrived, answering })
    }
  })
  const write = Effect.gen(function* () {
    for (;;) {
      const { arrived, answering } = yield* Queue.take(begun)
      const response = yield* Fiber.join(answering)
      if (arrived.request.request?.$case === "batch") {
        incoming.answered(arrived)
        response.creditBytes = BigInt(arrived.bytes)
      }
      call.write(response)
    }
  })
  // What was begun is answered before the stream ends.
  const readToEnd = Effect.flatMap(Effect.exit(read), (ended) => Effect.as(Queue.end(begun), ended))
  const [ended] = yield* Effect.all([readToEnd, Effect.catchIf(write, isDone, () => Effect.void)], {
    concurrency: 2
  })
  return yield* ended
})

/** A request that is worked on. */
interface Begun {
  readonly arrived: Arrived
  readonly answering: Fiber.Fiber<ReplayResponse, CallError>
}

const isDone = (error: CallError | Cause.Done): error is Cause.Done => Cause.isDone(error)

const end = (call: ReplayCall, cause: Cause.Cause<SessionError | Cause.Done>): Effect.Effect<void> =>
  Effect.map(statusOf(cause), (ended) => {
    if (ended === null) call.end()
    else call.emit("error", ended)
  })

/** One stream from its first request to its end. What is under way when the call is lost is interrupted. */
export const replaySession = (
  call: ReplayCall,
  incoming: Incoming,
  limits: SessionLimits,
  stopping: Effect.Effect<void>
): Effect.Effect<void, never, Targets> =>
  Effect.scoped(converse(call, incoming, limits, stopping)).pipe(
    Effect.raceFirst(incoming.broken),
    Effect.catchCause((cause) => end(call, cause))
  )
