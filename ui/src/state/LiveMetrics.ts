import { type Accessor, createSignal } from "solid-js"
import type { MetricsJson } from "../../../src/control/api/MetricsJson.ts"
import type { Live } from "../live/Live.ts"

export interface LiveMetrics {
  /** Told each second. */
  readonly latest: Accessor<MetricsJson | null>
}

export const makeLiveMetrics = (live: Live): LiveMetrics => {
  const [latest, setLatest] = createSignal<MetricsJson | null>(null)
  live.subscribe("metrics", {}, (frame) => {
    if (frame.type === "metrics") setLatest(frame.metrics)
  })
  return { latest }
}
