import { Buckets } from "../runtime/metrics/Buckets.ts"

/** Seconds; fine around the goals of 10 ms and 1 s. */
const latencyBounds = [
  0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 60
]
const stageBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/** How long capture and its stages take, in seconds, since the process began. Plain, since it is per transaction. */
export class IngestTimings {
  /** From commit at the source until durable in the archive, of each transaction. */
  readonly latency = new Buckets(latencyBounds)
  /** Of each batch: from given to the archive until durable there, tries included. */
  readonly append = new Buckets(stageBounds)
  /** Of each batch: until the live buffer has it. */
  readonly live = new Buckets(stageBounds)
  /** Of each mark. */
  readonly mark = new Buckets(stageBounds)
}
