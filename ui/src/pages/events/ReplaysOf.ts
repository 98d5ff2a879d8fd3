import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import type { Event } from "../../../../src/domain/Event.ts"

export interface InReplay {
  readonly job: JobJson
  /** Whether it is behind what the replay has done. */
  readonly isDone: boolean
}

const passes = ({ tables, operations }: JobJson, { schema, table, operation }: Changed): boolean =>
  (tables === null || (table !== null && tables.includes(`${schema}.${table}`))) &&
  (operations === null || operations.includes(operation))

type Changed = Pick<Event, "seq" | "ordinal" | "schema" | "table" | "operation">

/** The replays that have a change in their window and pass it on. */
export const replaysOf = (event: Changed, jobs: ReadonlyArray<JobJson>): ReadonlyArray<InReplay> =>
  jobs
    .filter(
      (job) =>
        job.start_seq !== null &&
        job.start_seq <= event.seq &&
        (job.end_seq === null ? job.follow : event.seq < job.end_seq) &&
        passes(job, event)
    )
    .map((job) => {
      const at = job.checkpoint
      const isDone =
        at !== null && (at.seq > event.seq || (at.seq === event.seq && at.ordinal >= event.ordinal))
      return { job, isDone: isDone || job.status === "completed" }
    })
