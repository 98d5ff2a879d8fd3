import { type Accessor, createSignal } from "solid-js"
import type { MetricsJson } from "../../../src/control/api/MetricsJson.ts"
import type { Live } from "../live/Live.ts"
import type { Clock } from "./Clock.ts"

export interface LiveMetrics {
  /** Told each second. */
  readonly latest: Accessor<MetricsJson | null>
}

export const makeLiveMetrics = (live: Live, clock: Pick<Clock, "heard">): LiveMetrics => {
  const [latest, setLatest] = createSignal<MetricsJson | null>(null)
  live.subscribe("metrics", {}, (frame) => {
    if (frame.type !== "metrics") return
    clock.heard(frame.metrics.at)
    setLatest(frame.metrics)
  })
  return { latest }
}
