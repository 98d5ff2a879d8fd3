import type { ServerFrame } from "../api/LiveFrames.ts"
import type { EventBatch } from "./EventBatch.ts"
import { EventsFrame } from "./EventsFrame.ts"

export const frameText = (frame: ServerFrame): string => JSON.stringify(frame)

export interface EventsEnvelope {
  readonly id: string
  readonly seq: number
  readonly batches: ReadonlyArray<EventBatch>
  readonly dropped: number
  readonly cursor: string | null
}

/** A frame `events` around what was encoded already, for whoever else has the same events. */
export const eventsFrame = ({ id, seq, batches, dropped, cursor }: EventsEnvelope): EventsFrame =>
  new EventsFrame(
    `{"type":"events","id":${JSON.stringify(id)},"seq":${seq},"dropped":${dropped},"cursor":${JSON.stringify(cursor)},"batch":[`,
    batches
  )

export const metricsFrameText = (id: string, metrics: string): string =>
  `{"type":"metrics","id":${JSON.stringify(id)},"metrics":${metrics}}`

export const jobFrameText = (id: string, jobId: string, job: string | null): string =>
  `{"type":"job","id":${JSON.stringify(id)},"job_id":${JSON.stringify(jobId)},"job":${job}}`
