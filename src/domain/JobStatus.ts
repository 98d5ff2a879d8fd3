/** Where a replay job stands. */
export const jobStatuses = [
  "pending",
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled"
] as const
export type JobStatus = (typeof jobStatuses)[number]

/** What a person asks of a job. */
export const jobActions = ["start", "pause", "resume", "cancel"] as const
export type JobAction = (typeof jobActions)[number]

/** What the system does with one: a worker takes it, ends it, fails it, or gives it back when it stops. */
export type JobEvent = "acquire" | "complete" | "fail" | "release"

/**
 * The life of a job, complete: what is not here is refused. The API, the job store, the worker and the
 * dashboard read this one table. `resume` of a failed job goes on from its checkpoint.
 */
const transitions: { readonly [S in JobStatus]: { readonly [A in JobAction | JobEvent]?: JobStatus } } = {
  pending: { start: "queued", cancel: "cancelled" },
  queued: { acquire: "running", pause: "paused", cancel: "cancelled" },
  running: {
    pause: "paused",
    cancel: "cancelled",
    complete: "completed",
    fail: "failed",
    release: "queued",
    acquire: "running"
  },
  paused: { resume: "queued", cancel: "cancelled" },
  failed: { resume: "queued", cancel: "cancelled" },
  completed: {},
  cancelled: {}
}

/** The status after it, or undefined when it is not allowed. */
export const transition = (from: JobStatus, by: JobAction | JobEvent): JobStatus | undefined =>
  transitions[from][by]

export const allowedActions = (from: JobStatus): ReadonlyArray<JobAction> =>
  jobActions.filter((action) => transitions[from][action] !== undefined)

/** The statuses from which it is allowed: what a conditional UPDATE compares with. */
export const statusesAllowing = (by: JobAction | JobEvent): ReadonlyArray<JobStatus> =>
  jobStatuses.filter((status) => transitions[status][by] !== undefined)

/** Whether a job can still change. A failed one can: it may be resumed. */
export const isFinal = (status: JobStatus): boolean => Object.keys(transitions[status]).length === 0

/** Whether a worker holds or may hold it. */
export const isActive = (status: JobStatus): boolean => status === "queued" || status === "running"
