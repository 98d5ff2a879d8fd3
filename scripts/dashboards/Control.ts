import { type Dashboard, graph, tile } from "./Panel.ts"
import { processSection } from "./ProcessSection.ts"
import { instanceOf, ofRole, p99, percentiles, rate } from "./Query.ts"
import { storesTile } from "./StoresTile.ts"

const its = ofRole("control")

export const control: Dashboard = {
  name: "control",
  title: "WalStream: control plane",
  choices: [instanceOf("control")],
  sections: [
    {
      title: "Now",
      panels: [
        tile("Control database", "short", [[its("walstream_control_database_up"), "{{instance}}"]], {
          alert: "ControlPlaneDown",
          width: 6,
          words: { 0: ["does not answer", "red"], 1: ["answers", "green"] },
          empty: "no control process answers"
        }),
        tile("Until an answer begins, p99", "s", [[p99(its("walstream_http_request_seconds_bucket")), ""]], {
          width: 6,
          empty: "nobody asked"
        }),
        tile("Live streams", "short", [[`sum(${its("walstream_live_streams")})`, ""]], {
          width: 6,
          empty: "no control process answers"
        }),
        storesTile(`min by (store) (${its("walstream_store_up")})`, 6)
      ]
    },
    {
      title: "API",
      panels: [
        graph(
          "Requests",
          "reqps",
          [[`sum by (status) (${rate(its("walstream_http_requests_total"))})`, "{{status}}"]],
          {
            width: 8,
            bad: ["5xx"]
          }
        ),
        graph("Until an answer begins", "s", percentiles(its("walstream_http_request_seconds_bucket")), {
          width: 8,
          empty: "Nobody asked"
        }),
        graph("Live streams", "short", [[its("walstream_live_streams"), "{{instance}}"]], {
          width: 8,
          steps: true
        })
      ]
    },
    {
      title: "Jobs and processes, as the control database has them",
      panels: [
        graph(
          "Jobs that somebody waits for",
          "short",
          [
            [`max by (state) (${its("walstream_jobs_active")})`, "{{state}}"],
            [`max by (state) (${its("walstream_job_lease_expired")})`, "without a worker, {{state}}"]
          ],
          { alert: "JobLeaseExpiredWithRunningState", steps: true }
        ),
        graph(
          "Processes",
          "short",
          [
            [`max by (role) (${its("walstream_processes")}) > 0`, "{{role}}"],
            [`sum(max by (role) (${its("walstream_processes_silent")}))`, "silent"]
          ],
          { steps: true, bad: ["silent"] }
        )
      ]
    },
    {
      title: "Stores",
      panels: [
        graph("Transactions that they hold", "short", [
          [
            `max by (store) (${its("walstream_coverage_next_seq")}) - min by (store) (${its("walstream_coverage_first_seq")})`,
            "{{store}}"
          ]
        ]),
        graph("Live buffer", "bytes", [[`max(${its("walstream_live_buffer_bytes")})`, "size"]])
      ]
    },
    processSection("control")
  ]
}
