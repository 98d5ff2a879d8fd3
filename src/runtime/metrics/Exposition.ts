import { type Context, Effect } from "effect"
import { Counter, Gauge, Histogram, Registry } from "prom-client"
import { Buckets } from "./Buckets.ts"
import type { MetricDefinition, MetricSet, Reading, Sample } from "./Metric.ts"

/** A sample as the registry writes it: of this name where it is not the metric's own. */
interface Line {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

const linesOf = (name: string, value: ReadonlyArray<Sample> | Buckets): ReadonlyArray<Line> => {
  if (!(value instanceof Buckets)) return value.map((sample) => ({ metricName: name, ...sample }))
  const { bounds, counts, sum, count } = value
  let below = 0
  const bucket = (le: number | string, times: number) => ({
    metricName: `${name}_bucket`,
    labels: { le },
    value: times
  })
  return [
    ...bounds.map((le, i) => {
      below += counts[i] ?? 0
      return bucket(le, below)
    }),
    bucket("+Inf", count),
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count }
  ]
}

const constructors = { counter: Counter, gauge: Gauge, histogram: Histogram } as const

/**
 * Puts a metric into the registry that shows what was read last. It keeps nothing itself: a label that has gone must not
 * stay as it was, and what is not known is not 0.
 */
const exhibit = (registry: Registry, { type, name, help, labels }: MetricDefinition) => {
  const metric = new constructors[type]({ name, help, labelNames: [...labels], registers: [registry] })
  let lines: ReadonlyArray<Line> = []
  const get = async () => ({ name, help, type, values: lines })
  // The registry asks a histogram by its second name.
  Object.assign(metric, { get, getForPromString: get })
  return (value: Reading["value"]): void => {
    lines = linesOf(name, value)
  }
}

/** What a scrape answers. */
export interface Exposition {
  readonly contentType: string
  /** Reads everything now. */
  readonly scrape: Effect.Effect<string>
}

/** Shows a process' metrics in Prometheus' text format. Dies where two of them have one name. */
export const makeExposition = <R>(set: MetricSet<R>): Effect.Effect<Exposition, never, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.sync(() => {
      const registry = new Registry()
      const exhibits = new Map(
        set.definitions.map((definition) => [definition.name, exhibit(registry, definition)])
      )
      return {
        contentType: registry.contentType,
        scrape: set.read.pipe(
          Effect.provideContext(context),
          Effect.flatMap((readings) =>
            Effect.promise(() => {
              for (const show of exhibits.values()) show([])
              for (const { definition, value } of readings) exhibits.get(definition.name)?.(value)
              return registry.metrics()
            })
          )
        )
      }
    })
  )
