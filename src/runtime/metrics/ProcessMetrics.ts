import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import { Context, Effect, Layer } from "effect"
import { counter, gauge, metricSet } from "./Metric.ts"

const metrics = {
  cpu: counter("process_cpu_seconds_total", "CPU time of all threads", "mode"),
  started: gauge("process_start_time_seconds", "When the process began, in seconds since 1970"),
  resident: gauge("process_resident_memory_bytes", "Memory that the process occupies"),
  heap: gauge(
    "nodejs_heap_bytes",
    "V8's heap: what is used of it, and what it has; and what buffers have outside of it",
    "part"
  ),
  delay: gauge(
    "nodejs_eventloop_delay_seconds",
    "How much too late timers ran since the last scrape: percentiles, and the greatest",
    "at"
  ),
  busy: counter("nodejs_eventloop_busy_seconds_total", "Time in which the main thread did something")
}

/** Milliseconds between two looks at the event loop: a timer that wakes more often costs more than it tells. */
const resolution = 20

/** Watches how much too late timers run. */
export class EventLoopDelay extends Context.Service<
  EventLoopDelay,
  ReturnType<typeof monitorEventLoopDelay>
>()("walstream/runtime/EventLoopDelay") {
  static readonly layer: Layer.Layer<EventLoopDelay> = Layer.effect(
    EventLoopDelay,
    Effect.acquireRelease(
      Effect.sync(() => {
        const delay = monitorEventLoopDelay({ resolution })
        delay.enable()
        return delay
      }),
      (delay) => Effect.sync(() => delay.disable())
    )
  )
}

/** What the process takes of its machine. For one scraper: percentiles begin anew with each scrape. */
export const processMetrics = metricSet(
  metrics,
  Effect.map(EventLoopDelay, (delay) => {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
    // What it has is the time between two looks, in nanoseconds.
    const late = (nanos: number) => Math.max(0, nanos / 1e9 - resolution / 1000)
    const percentiles: ReadonlyArray<[string, number]> =
      delay.count === 0
        ? []
        : [
            ["p50", late(delay.percentile(50))],
            ["p99", late(delay.percentile(99))],
            ["max", late(delay.max)]
          ]
    delay.reset()
    return [
      metrics.cpu.by([
        ["user", user / 1e6],
        ["system", system / 1e6]
      ]),
      metrics.started.is(performance.timeOrigin / 1000),
      metrics.resident.is(rss),
      metrics.heap.by([
        ["used", heapUsed],
        ["total", heapTotal],
        ["external", external]
      ]),
      metrics.delay.by(percentiles),
      metrics.busy.is(performance.eventLoopUtilization().active / 1000)
    ]
  })
)
