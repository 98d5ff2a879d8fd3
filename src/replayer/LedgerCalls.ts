import { type ServerUnaryCall, status } from "@grpc/grpc-js"
import { Effect } from "effect"
import { Targets } from "../replay/Target.ts"
import type { TargetError } from "../replay/TargetError.ts"
import { type CallError, callError, noTarget } from "./CallError.ts"
import type {
  ForgetJobsRequest,
  ForgetJobsResponse,
  ListExpiredJobsRequest,
  ListExpiredJobsResponse
} from "./generated/walstream/v1/replayer.ts"

export type ListExpiredJobsCall = ServerUnaryCall<ListExpiredJobsRequest, ListExpiredJobsResponse>
export type ForgetJobsCall = ServerUnaryCall<ForgetJobsRequest, ForgetJobsResponse>

type Work<Response> = Effect.Effect<Response, TargetError | CallError, Targets>

/** An answer of so many ids is below a megabyte. */
const mostIds = 10_000

const configured = Effect.fnUntraced(function* (target: string) {
  const targets = yield* Targets
  return targets.names.includes(target) ? targets : yield* noTarget(target, targets.names)
})

export const listExpiredJobs = ({
  target,
  after,
  most
}: ListExpiredJobsRequest): Work<ListExpiredJobsResponse> =>
  Effect.gen(function* () {
    const targets = yield* configured(target)
    if (most < 1) return yield* callError(status.INVALID_ARGUMENT, "most must be at least 1")
    return { jobIds: [...(yield* targets.expiredJobs(target, after, Math.min(most, mostIds)))] }
  })

export const forgetJobs = ({ target, jobIds }: ForgetJobsRequest): Work<ForgetJobsResponse> =>
  Effect.gen(function* () {
    const targets = yield* configured(target)
    return { removed: BigInt(yield* targets.forgetJobs(target, jobIds)) }
  })
