import { Context, Effect, Layer, Schedule, type Scope } from "effect"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { SystemMetrics } from "../SystemMetrics.ts"
import { makeWatched } from "./Watched.ts"

/** The newest metrics that one client has not been sent, as JSON. Plain state. */
export class MetricsSubscription {
  #waiting: string | undefined
  readonly #wake: () => void

  constructor(wake: () => void) {
    this.#wake = wake
  }

  offer(metrics: string): void {
    this.#waiting = metrics
    this.#wake()
  }

  take(): string | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting
  }
}

/** The metrics each second, read once for all who watch. Whoever is slow is told the newest. */
export class MetricsFeed extends Context.Service<
  MetricsFeed,
  { readonly subscribe: (wake: () => void) => Effect.Effect<MetricsSubscription, never, Scope.Scope> }
>()("walstream/control/live/MetricsFeed") {
  static readonly layer: Layer.Layer<MetricsFeed, never, SystemMetrics | ActorSystem> = Layer.effect(
    MetricsFeed,
    Effect.gen(function* () {
      const metrics = yield* SystemMetrics
      const members = new Set<MetricsSubscription>()
      const tell = Effect.map(metrics.read, (read) => {
        const text = JSON.stringify(read)
        for (const member of members) member.offer(text)
      })
      const reader = yield* makeWatched(
        "metrics",
        Effect.asVoid(Effect.repeat(tell, Schedule.spaced("1 second")))
      )
      return {
        subscribe: Effect.fnUntraced(function* (wake) {
          const subscription = new MetricsSubscription(wake)
          yield* Effect.acquireRelease(
            Effect.sync(() => members.add(subscription)),
            () => Effect.sync(() => members.delete(subscription))
          )
          yield* reader.watch
          return subscription
        })
      }
    })
  )
}
