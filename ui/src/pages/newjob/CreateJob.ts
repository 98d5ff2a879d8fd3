import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import type { NewJob } from "../../../../src/control/api/NewJob.ts"
import type { Api } from "../../api/Api.ts"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"

interface Created {
  readonly job: JobJson
  /** It is there, and was to start, and did not. */
  readonly notStarted: ApiProblem | null
}

/** Rejected where there is no replay; one that only did not start is told apart. `key`: the same one is the same replay. */
export const createJob = async (
  { call }: Pick<Api, "call">,
  payload: NewJob,
  key: string,
  andStart: boolean
): Promise<Created> => {
  const job = await call("jobs.create", { payload }, { headers: { "idempotency-key": key } })
  if (!andStart) return { job, notStarted: null }
  try {
    return { job: await call("jobs.start", { params: { id: job.id } }), notStarted: null }
  } catch (error) {
    return { job, notStarted: asProblem(error) }
  }
}
