import { type Dashboard, graph, tile } from "./Panel.ts"
import { processSection } from "./ProcessSection.ts"
import { increase, instanceOf, ofRole, p99, percentiles, rate } from "./Query.ts"
import { storesTile } from "./StoresTile.ts"

const its = ofRole("worker")

export const worker: Dashboard = {
  name: "worker",
  title: "WalStream: workers",
  choices: [instanceOf("worker")],
  sections: [
    {
      title: "Now",
      panels: [
        tile(
          "Jobs that run, by what they do",
          "short",
          [[`sum by (phase) (${its("walstream_runs")})`, "{{phase}}"]],
          {
            alert: "ReplayerStalled",
            width: 8,
            empty: "no worker answers"
          }
        ),
        tile(
          "Slots taken",
          "percentunit",
          [[`sum(${its("walstream_runs")}) / sum(${its("walstream_run_slots")})`, ""]],
          { empty: "no worker" }
        ),
        tile("Batch at target, p99", "s", [[p99(its("walstream_replay_latency_seconds_bucket")), ""]], {
          alert: "HighReplayLatency",
          limit: 0.5,
          empty: "none replayed"
        }),
        tile("Least time left of a lease", "s", [[`min(${its("walstream_job_lease_left_seconds")})`, ""]], {
          alert: "JobLeaseExpiredWithRunningState",
          empty: "no job"
        }),
        storesTile(`min by (store) (${its("walstream_store_up")})`)
      ]
    },
    {
      title: "Replay",
      panels: [
        graph("Replayed", "eps", [[rate(its("walstream_events_replayed_total")), "{{instance}}"]]),
        graph(
          "One batch to a target (objective: p99 below 0.5 s)",
          "s",
          percentiles(its("walstream_replay_latency_seconds_bucket")),
          {
            alert: "HighReplayLatency",
            limit: 0.5,
            empty: "Nothing was replayed"
          }
        ),
        graph(
          "Furthest behind of the jobs that follow at full speed, changes",
          "short",
          [[its("walstream_replay_lag_changes"), "{{instance}}"]],
          { alert: "KafkaConsumerLagCritical", limit: 10_000, empty: "No job follows at full speed" }
        ),
        graph("Pacing error", "s", percentiles(its("walstream_replay_pacing_error_seconds_bucket")), {
          empty: "No job is paced"
        }),
        graph(
          "Rejected, and converged",
          "short",
          [
            [`sum(${increase(its("walstream_events_converged_total"))})`, "converged"],
            [`sum(${increase(its("walstream_apply_rejections_total"))})`, "rejected batches"],
            [`sum(${increase(its("walstream_events_failed_total"))})`, "failed"]
          ],
          { width: 8, alert: "ReplayerHighFailureRate", steps: true, bad: ["failed"] }
        ),
        graph(
          "Least time left of a lease",
          "s",
          [[its("walstream_job_lease_left_seconds"), "{{instance}}"]],
          {
            alert: "JobLeaseExpiredWithRunningState",
            width: 8,
            empty: "No job runs"
          }
        ),
        graph(
          "Jobs that run, by what they do",
          "short",
          [
            [`sum by (phase) (${its("walstream_runs")})`, "{{phase}}"],
            [`sum(${its("walstream_run_slots")})`, "slots"]
          ],
          { width: 8, steps: true }
        )
      ]
    },
    processSection("worker")
  ]
}
