import type { JobAction, JobStatus } from "../domain/JobStatus.ts"

/** Where an action leads, with what a worker may have made of it since. */
const outcomes: { readonly [A in JobAction]: ReadonlyArray<JobStatus> } = {
  start: ["queued", "running"],
  resume: ["queued", "running"],
  pause: ["paused"],
  cancel: ["cancelled"]
}

/** Whether the job already is where the action leads: asking twice changes nothing and is no error. */
export const isRepeatedAction = (action: JobAction, status: JobStatus): boolean =>
  outcomes[action].includes(status)
