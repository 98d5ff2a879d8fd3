import { Effect } from "effect"
import type { Buckets } from "./Buckets.ts"

/** One metric as Prometheus knows it: the only place where its name, meaning and labels are said. */
export interface MetricDefinition {
  /** With its unit, and `_total` for a counter. */
  readonly name: string
  readonly type: "counter" | "gauge" | "histogram"
  /** One sentence: what it counts, and when it does not. */
  readonly help: string
  /** Their values are few and known beforehand: never a table, a job or a user. */
  readonly labels: ReadonlyArray<string>
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a metric was at the moment of a scrape. No samples: it cannot be known now. */
export interface Reading {
  readonly definition: MetricDefinition
  readonly value: ReadonlyArray<Sample> | Buckets
}

/** A counter or gauge. */
export class Figure implements MetricDefinition {
  readonly name: string
  readonly type: "counter" | "gauge"
  readonly help: string
  readonly labels: ReadonlyArray<string>

  constructor(type: "counter" | "gauge", name: string, help: string, labels: ReadonlyArray<string>) {
    this.type = type
    this.name = name
    this.help = help
    this.labels = labels
  }

  /** Without labels; null where it is not known. */
  is(value: number | null): Reading {
    return { definition: this, value: value === null ? [] : [{ labels: {}, value }] }
  }

  /** By its one label. */
  by(values: Iterable<readonly [string, number | null]>): Reading {
    const [label = ""] = this.labels
    const known = Array.from(values).flatMap(([of, value]) =>
      value === null ? [] : [{ labels: { [label]: of }, value }]
    )
    return { definition: this, value: known }
  }

  of(samples: ReadonlyArray<Sample>): Reading {
    return { definition: this, value: samples }
  }
}

export const counter = (name: string, help: string, ...labels: ReadonlyArray<string>): Figure =>
  new Figure("counter", name, help, labels)

export const gauge = (name: string, help: string, ...labels: ReadonlyArray<string>): Figure =>
  new Figure("gauge", name, help, labels)

export interface Histogram extends MetricDefinition {
  readonly type: "histogram"
  readonly is: (buckets: Buckets) => Reading
}

/** Its bounds are those of the buckets that it is read from. */
export const histogram = (name: string, help: string): Histogram => {
  const definition: Histogram = {
    name,
    type: "histogram",
    help,
    labels: [],
    is: (value) => ({ definition, value })
  }
  return definition
}

/** Metrics that are read together, at each scrape: what is measured lives as plain state where it happens. */
export interface MetricSet<R = never> {
  readonly definitions: ReadonlyArray<MetricDefinition>
  readonly read: Effect.Effect<ReadonlyArray<Reading>, never, R>
}

export const metricSet = <R>(
  definitions: Readonly<Record<string, MetricDefinition>>,
  read: Effect.Effect<ReadonlyArray<Reading>, never, R>
): MetricSet<R> => ({ definitions: Object.values(definitions), read })

type Needs<Sets extends ReadonlyArray<MetricSet<unknown>>> = Effect.Services<Sets[number]["read"]>

/** As one. */
export const joinMetrics = <Sets extends ReadonlyArray<MetricSet<unknown>>>(
  ...sets: Sets
): MetricSet<Needs<Sets>> => {
  // A list of different needs: what all of them need together is what each is said to need.
  const known = sets as ReadonlyArray<MetricSet<unknown>> as ReadonlyArray<MetricSet<Needs<Sets>>>
  return {
    definitions: known.flatMap(({ definitions }) => definitions),
    read: Effect.map(
      Effect.forEach(known, ({ read }) => read, { concurrency: "unbounded" }),
      (readings) => readings.flat()
    )
  }
}
