import { Effect } from "effect"
import { counter, gauge, histogram, metricSet } from "../../runtime/metrics/Metric.ts"
import { RequestFigures } from "./RequestFigures.ts"

const metrics = {
  requests: counter(
    "walstream_http_requests_total",
    "Requests that the API has answered, by kind of status",
    "status"
  ),
  latency: histogram("walstream_http_request_seconds", "One request, until its answer begins"),
  streams: gauge("walstream_live_streams", "Live streams that are open: WebSockets and server-sent events")
}

/** What the API is asked, and how it answers. */
export const requestMetrics = metricSet(
  metrics,
  Effect.map(RequestFigures, (figures) => [
    metrics.requests.by(figures.byClass),
    metrics.latency.is(figures.latency),
    metrics.streams.is(figures.streams)
  ])
)
