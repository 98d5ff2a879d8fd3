import { alertNames } from "./AlertNames.ts"
import { type Dashboard, graph, tile } from "./Panel.ts"
import { ofSource, orNone, p99, percentiles, rate } from "./Query.ts"
import { storesTile } from "./StoresTile.ts"

const firing = `ALERTS{alertstate="firing", alertname=~"${alertNames.join("|")}"}`
const stalled = (state: string) => `max(ALERTS{alertname="ReplayerStalled", alertstate="${state}"})`
const rejected = "sum(rate(walstream_apply_rejections_total[10m]))"
const taken = "sum(rate(walstream_replay_latency_seconds_count[10m]))"
/** What an ingestor that is gone said last holds for an hour, as in the rule. */
const last = (name: string) => `last_over_time(${ofSource(name)}[1h])`
const safe = last("walstream_slot_safe_wal_bytes")

/** For each source that should be captured, though its ingestor is gone: 1 where somebody does. */
const captures = `max by (source) (${ofSource("walstream_capture_phase", 'phase="capturing"')})
  or 0 * max by (source) (${ofSource("up", 'job="walstream-ingestor"')})`

/** One tile for each alert, and what goes with them. */
const health = [
  tile(
    "Alerts that fire",
    "short",
    [[orNone(`max by (alertname) (${firing})`, "alertname", "none"), "{{alertname}}"]],
    {
      width: 24,
      flat: true,
      names: true,
      limit: 1
    }
  ),
  tile("Capture", "short", [[`min(${captures}) or vector(0)`, ""]], {
    alert: "IngestorStalled",
    words: { 0: ["does not run", "red"], 1: ["captures", "green"] }
  }),
  tile("Until archived, p99", "s", [[p99(ofSource("walstream_ingest_latency_seconds_bucket")), ""]], {
    alert: "HighIngestLatency",
    limit: 1,
    empty: "nothing came"
  }),
  tile(
    "Slot: room used",
    "percentunit",
    [[`max(1 - ${safe} / (${safe} + ${last("walstream_slot_retained_wal_bytes")}))`, ""]],
    { alert: "SlotRetainedWalHigh", limit: 0.5, empty: "no bound" }
  ),
  tile(
    "Live buffer",
    "percentunit",
    [["max(walstream_live_buffer_changes / walstream_live_buffer_max_changes)", ""]],
    {
      alert: "RedisStreamNearCapacity",
      limit: 0.9,
      empty: "no answer"
    }
  ),
  tile(
    "Control plane",
    "short",
    [['max(up{job="walstream-control"}) * max(walstream_control_database_up) or vector(0)', ""]],
    { alert: "ControlPlaneDown", words: { 0: ["down", "red"], 1: ["answers", "green"] } }
  ),
  tile("Processes gone silent", "short", [["sum(max by (role) (walstream_processes_silent))", ""]], {
    limit: 1,
    empty: "nobody knows"
  }),
  tile("Replay", "short", [[`2 * ${stalled("firing")} or ${stalled("pending")} or vector(0)`, ""]], {
    alert: "ReplayerStalled",
    words: { 0: ["not stalled", "green"], 1: ["stalls", "orange"], 2: ["stalled", "red"] }
  }),
  tile("Changes behind", "short", [["max(walstream_replay_lag_changes)", ""]], {
    alert: "KafkaConsumerLagCritical",
    limit: 10_000,
    empty: "none follows"
  }),
  tile("Rejected batches", "percentunit", [[`${rejected} / (${rejected} + ${taken}) >= 0`, ""]], {
    alert: "ReplayerHighFailureRate",
    limit: 0.05,
    empty: "none replayed"
  }),
  tile("Batch at target, p99", "s", [[p99("walstream_replay_latency_seconds_bucket"), ""]], {
    alert: "HighReplayLatency",
    limit: 0.5,
    empty: "none replayed"
  }),
  tile("Jobs without worker", "short", [['max(walstream_job_lease_expired{state="running"})', ""]], {
    alert: "JobLeaseExpiredWithRunningState",
    limit: 1,
    empty: "nobody knows"
  }),
  tile("Failed jobs", "short", [['max(walstream_jobs{status="failed"})', ""]], { empty: "nobody knows" })
]

export const stream: Dashboard = {
  name: "stream",
  title: "WalStream: the whole stream",
  choices: [{ name: "source", of: 'up{job="walstream-ingestor"}' }],
  sections: [
    { title: "Is something wrong", panels: health },
    {
      title: "What there is",
      panels: [
        tile("Jobs", "short", [["max by (status) (walstream_jobs)", "{{status}}"]], {
          width: 10,
          empty: "nobody knows"
        }),
        tile(
          "Processes",
          "short",
          [
            [
              "max by (role) (walstream_processes) > 0 or 0 * (max by (role) (walstream_processes_silent) > 0)",
              "{{role}}"
            ]
          ],
          { width: 8, words: { 0: ["silent", "red"] }, empty: "nobody knows" }
        ),
        storesTile("min by (store) (walstream_store_up)", 6)
      ]
    },
    {
      title: "From the source into the stores",
      panels: [
        graph("Changes, on their way", "eps", [
          [`sum(${rate(ofSource("walstream_events_ingested_total"))})`, "captured"],
          [`sum(${rate(ofSource("walstream_events_published_kafka_total"))})`, "in the archive"],
          [`sum(${rate(ofSource("walstream_events_published_redis_total"))})`, "in the live buffer"],
          [`sum(${rate("walstream_events_replayed_total")})`, "replayed"]
        ]),
        graph("Captured by operation", "eps", [
          [`sum by (operation) (${rate(ofSource("walstream_events_ingested_total"))})`, "{{operation}}"]
        ]),
        graph(
          "From commit until archived (objective: p99 below 1 s)",
          "s",
          percentiles(ofSource("walstream_ingest_latency_seconds_bucket")),
          { alert: "HighIngestLatency", limit: 1, empty: "Nothing was captured" }
        ),
        graph("How far behind", "s", [
          [ofSource("walstream_slot_lag_seconds"), "archive behind {{source}}"],
          ["max by (store) (walstream_coverage_age_seconds)", "{{store}}, as its readers know it"]
        ]),
        graph(
          "WAL that the source keeps for the slot",
          "bytes",
          [
            [ofSource("walstream_slot_retained_wal_bytes"), "kept by {{source}}"],
            [ofSource("walstream_slot_lag_bytes"), "not confirmed, {{source}}"]
          ],
          { alert: "SlotRetainedWalHigh" }
        ),
        graph(
          "Live buffer: used of its maximum, as each role sees it (trimmed at 85 %)",
          "percentunit",
          [["max by (job) (walstream_live_buffer_changes / walstream_live_buffer_max_changes)", "{{job}}"]],
          { alert: "RedisStreamNearCapacity", limit: 0.9, max: 1 }
        )
      ]
    },
    {
      title: "From the stores to the targets",
      panels: [
        graph(
          "What becomes of replayed changes",
          "eps",
          [
            [`sum(${rate("walstream_events_replayed_total")})`, "applied"],
            [`sum(${rate("walstream_events_duplicates_total")})`, "duplicates"],
            [`sum(${rate("walstream_events_converged_total")})`, "converged"],
            [`sum(${rate("walstream_events_dry_run_total")})`, "dry runs"],
            [`sum(${rate("walstream_events_failed_total")})`, "failed"]
          ],
          { bad: ["failed"] }
        ),
        graph(
          "One batch to a target (objective: p99 below 0.5 s)",
          "s",
          percentiles("walstream_replay_latency_seconds_bucket"),
          {
            alert: "HighReplayLatency",
            limit: 0.5,
            empty: "Nothing was replayed"
          }
        ),
        graph(
          "Furthest behind of the jobs that follow at full speed, changes",
          "short",
          [["max(walstream_replay_lag_changes)", "changes"]],
          { alert: "KafkaConsumerLagCritical", limit: 10_000, empty: "No job follows at full speed" }
        ),
        graph(
          "Alerts that fire",
          "short",
          [[orNone(`count by (alertname) (${firing})`, "alertname", "none"), "{{alertname}}"]],
          { steps: true, max: 1 }
        )
      ]
    }
  ]
}
