import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { metricsReference, roleMetrics } from "../../src/main/MetricsReference.ts"

/** What the outside contract names. */
const promised = {
  ingestor: [
    "walstream_events_ingested_total",
    "walstream_events_published_redis_total",
    "walstream_events_published_kafka_total",
    "walstream_ingest_latency_seconds",
    "walstream_slot_lag_bytes",
    "walstream_slot_lag_seconds",
    "walstream_frontier_lsn_bytes",
    "walstream_seq",
    "walstream_spill_bytes",
    "walstream_mailbox_depth",
    "walstream_actor_restarts_total"
  ],
  worker: [
    "walstream_events_replayed_total",
    "walstream_events_duplicates_total",
    "walstream_events_failed_total",
    "walstream_replay_latency_seconds",
    "walstream_replay_pacing_error_seconds"
  ],
  control: ["walstream_jobs_active", "walstream_job_lease_expired", "walstream_coverage_next_seq"]
} as const

const namesOf = (role: string) => (roleMetrics[role] ?? []).map(({ name }) => name)

describe("the metrics", () => {
  it("are those of docs/metrics.md (`npm run metrics`)", () => {
    const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8")
    assert.strictEqual(page, metricsReference())
  })

  it("are all that the contract names, each where it names it", () => {
    for (const [role, names] of Object.entries(promised))
      assert.includeMembers(namesOf(role), [...names], role)
  })

  it("have names and labels as Prometheus asks for, one meaning each, and no label of what has no bound", () => {
    const meanings = new Map<string, string>()
    for (const { name, type, help, labels } of Object.values(roleMetrics).flat()) {
      assert.match(name, /^(?:walstream|process|nodejs)_[a-z_]+$/u)
      assert.strictEqual(name.endsWith("_total"), type === "counter", name)
      assert.notMatch(help, /[.|\n]$|\|/u, name)
      assert.strictEqual(meanings.get(name) ?? help, help, name)
      meanings.set(name, help)
      for (const label of labels)
        assert.notMatch(label, /table|schema|job|user|target|slot|path|address/u, name)
    }
    for (const role of Object.keys(roleMetrics))
      assert.strictEqual(new Set(namesOf(role)).size, namesOf(role).length, role)
  })
})
