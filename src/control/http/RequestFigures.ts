import { Context } from "effect"
import { Buckets } from "../../runtime/metrics/Buckets.ts"

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]

/** The kinds of statuses that requests were answered with. */
const statusClasses = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const

/** What the API of this process has answered since it began. Plain, since it is counted per request. */
export class RequestCounts {
  readonly #byClass = [0, 0, 0, 0, 0]
  /** Live streams that are open. */
  streams = 0
  /** Seconds until an answer begins. */
  readonly latency = new Buckets(bounds)

  answered(status: number, millis: number): void {
    const at = Math.floor(status / 100) - 1
    this.#byClass[at] = (this.#byClass[at] ?? 0) + 1
    this.latency.observe(millis / 1000)
  }

  get byClass(): ReadonlyArray<readonly [string, number]> {
    return statusClasses.map((name, i) => [name, this.#byClass[i] ?? 0])
  }
}

/** Shared by the server that counts and whoever tells. */
export const RequestFigures = Context.Reference<RequestCounts>("walstream/control/http/RequestFigures", {
  defaultValue: () => new RequestCounts()
})
