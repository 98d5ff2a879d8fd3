import { createRoot, createSignal } from "solid-js"
import { expect, test, vi } from "vitest"
import type { MetricsHistoryJson } from "../../../src/control/api/MetricsHistoryJson.ts"
import type { MetricsJson } from "../../../src/control/api/MetricsJson.ts"
import { makeMetricsHistory, withKept } from "../../../ui/src/state/MetricsHistory.ts"

const time = (second: number) => new Date(Date.UTC(2026, 10, 22, 10, 0, second)).toISOString()

const kept = (...seconds: ReadonlyArray<number>): MetricsHistoryJson => {
  const nothing = seconds.map(() => null)
  return {
    step_seconds: 5,
    at: seconds.map(time),
    captured_transactions: nothing,
    captured_changes: seconds.map((second) => second * 100),
    archived_transactions: nothing,
    published_transactions: nothing,
    replayed_changes: nothing,
    ingest_latency_p50_seconds: nothing,
    ingest_latency_p99_seconds: nothing,
    ingest_latency_max_seconds: nothing,
    live_buffer_changes: nothing,
    live_buffer_max_changes: nothing
  }
}

const metrics = (second: number, captured: number): MetricsJson => ({
  at: time(second),
  rates: {
    captured_transactions: null,
    captured_changes: captured,
    archived_transactions: null,
    published_transactions: null,
    replayed_changes: null
  },
  ingest_latency_seconds: null,
  live_buffer: null,
  jobs: null,
  processes: []
})

test("what the server has kept comes before what was told, and into its holes", async () => {
  const answers = [kept(10, 15, 20), kept(15, 20, 25, 30)]
  const [latest, tell] = createSignal<MetricsJson | null>(null)
  const [isTold, setTold] = createSignal(false)
  const points = createRoot(() => makeMetricsHistory(latest, isTold, async () => answers.shift() ?? kept()))
  const seconds = () => points().map(({ at, captured }) => [new Date(at).getUTCSeconds(), captured])
  setTold(true)
  tell(metrics(21, 1))
  tell(metrics(22, 2))
  await vi.waitFor(() => expect(points().length).toBe(4))
  expect(seconds()).toEqual([
    [10, 1000],
    [15, 1500],
    [21, 1],
    [22, 2]
  ])
  setTold(false)
  setTold(true)
  tell(metrics(36, 3))
  await vi.waitFor(() => expect(points().length).toBe(7))
  expect(seconds()).toEqual([
    [10, 1000],
    [15, 1500],
    [21, 1],
    [22, 2],
    [25, 2500],
    [30, 3000],
    [36, 3]
  ])
})

test("nothing kept changes nothing", () => {
  expect(withKept([], kept())).toEqual([])
})
