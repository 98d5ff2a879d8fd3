import { dashboardModel } from "./dashboards/GrafanaModel.ts"
import type { Dashboard, Panel, Unit } from "./dashboards/Panel.ts"

const panel = (
  title: string,
  unit: Unit,
  ...lines: ReadonlyArray<readonly [expr: string, legend: string]>
): Panel => ({ title, unit, lines })

const rate = (counter: string): string => `rate(${counter}[$__rate_interval])`

const percentiles = (name: string): ReadonlyArray<readonly [string, string]> =>
  [0.5, 0.99].map((q) => [`histogram_quantile(${q}, sum by (le) (${rate(`${name}_bucket`)}))`, `p${q * 100}`])

const ofProcess = (job: string): ReadonlyArray<Panel> => {
  const its = `{job="${job}"}`
  return [
    panel("Up, and since", "s", [`time() - process_start_time_seconds${its}`, "{{instance}}"]),
    panel("CPU", "percentunit", [
      `sum by (instance) (${rate(`process_cpu_seconds_total${its}`)})`,
      "{{instance}}"
    ]),
    panel(
      "Memory",
      "bytes",
      [`process_resident_memory_bytes${its}`, "resident {{instance}}"],
      [`nodejs_heap_bytes{job="${job}", part="used"}`, "heap {{instance}}"]
    ),
    panel(
      "Main thread: how late timers are, and how busy it is",
      "s",
      [`nodejs_eventloop_delay_seconds{job="${job}", at="p99"}`, "late, p99 {{instance}}"],
      [rate(`nodejs_eventloop_busy_seconds_total${its}`), "busy, seconds a second {{instance}}"]
    ),
    panel(
      "Actors that do not run, and restarts",
      "short",
      [`sum by (state) (walstream_actors{job="${job}", state!="running"})`, "{{state}}"],
      [
        `sum by (group) (increase(walstream_actor_restarts_total${its}[$__rate_interval]))`,
        "restarted: {{group}}"
      ]
    ),
    panel("Fullest mailboxes", "short", [`max by (group) (walstream_mailbox_depth${its})`, "{{group}}"])
  ]
}

const dashboards: ReadonlyArray<Dashboard> = [
  {
    name: "stream",
    title: "WalStream: the whole stream",
    panels: [
      panel(
        "Changes a second, on their way",
        "ops",
        [`sum(${rate("walstream_events_ingested_total")})`, "captured"],
        [`sum(${rate("walstream_events_published_kafka_total")})`, "in the archive"],
        [`sum(${rate("walstream_events_published_redis_total")})`, "in the live buffer"],
        [`sum(${rate("walstream_events_replayed_total")})`, "replayed"]
      ),
      panel("Captured by operation", "ops", [
        `sum by (operation) (${rate("walstream_events_ingested_total")})`,
        "{{operation}}"
      ]),
      panel(
        "From commit until archived (objective: p99 below 1 s)",
        "s",
        ...percentiles("walstream_ingest_latency_seconds")
      ),
      panel(
        "One batch to a target (objective: p99 below 0.5 s)",
        "s",
        ...percentiles("walstream_replay_latency_seconds")
      ),
      panel(
        "What becomes of replayed changes",
        "ops",
        [`sum(${rate("walstream_events_replayed_total")})`, "applied"],
        [`sum(${rate("walstream_events_duplicates_total")})`, "duplicates"],
        [`sum(${rate("walstream_events_converged_total")})`, "converged"],
        [`sum(${rate("walstream_events_failed_total")})`, "failed"]
      ),
      panel("Jobs", "short", ["max by (status) (walstream_jobs)", "{{status}}"]),
      panel(
        "WAL that the source keeps for the slot",
        "bytes",
        ["walstream_slot_retained_wal_bytes", "kept for {{source}}"],
        ["walstream_slot_lag_bytes", "not confirmed by {{source}}"]
      ),
      panel(
        "How far behind now",
        "s",
        ["walstream_slot_lag_seconds", "archive of {{source}}"],
        ["max by (store) (walstream_coverage_age_seconds)", "{{store}} is complete up to so long ago"]
      ),
      panel("Live buffer (trimmed at 85 %)", "percentunit", [
        "max by (source, job) (walstream_live_buffer_changes / walstream_live_buffer_max_changes)",
        "of its maximum, as {{job}} has it {{source}}"
      ]),
      panel(
        "Processes",
        "short",
        ["max by (role) (walstream_processes)", "{{role}}"],
        ["max by (role) (walstream_processes_silent)", "silent: {{role}}"]
      ),
      panel("Stores answer", "short", ["min by (store, job) (walstream_store_up)", "{{store}} to {{job}}"]),
      panel("Alerts that fire", "short", [
        'count by (alertname) (ALERTS{alertstate="firing"}) or vector(0)',
        "{{alertname}}"
      ])
    ]
  },
  {
    name: "ingestor",
    title: "WalStream: ingestor",
    panels: [
      panel("Phase", "short", ["walstream_capture_phase == 1", "{{phase}} {{instance}}"]),
      panel(
        "From commit until archived, and the archive's part",
        "s",
        ...percentiles("walstream_ingest_latency_seconds"),
        ...percentiles("walstream_archive_append_seconds").map(([expr, q]) => [expr, `append ${q}`] as const)
      ),
      panel(
        "Live buffer and marks, p99",
        "s",
        ...percentiles("walstream_live_buffer_append_seconds").slice(1),
        ...percentiles("walstream_archive_mark_seconds")
          .slice(1)
          .map(([expr, q]) => [expr, `mark ${q}`] as const)
      ),
      panel(
        "Transactions",
        "ops",
        [rate("walstream_transactions_ingested_total"), "archived {{instance}}"],
        [rate("walstream_transactions_empty_total"), "without captured changes {{instance}}"]
      ),
      panel(
        "Bytes",
        "Bps",
        [rate("walstream_received_bytes_total"), "received {{instance}}"],
        [rate("walstream_ingested_bytes_total"), "archived {{instance}}"],
        [rate("walstream_source_wal_lsn_bytes"), "WAL of {{source}}"]
      ),
      panel(
        "Positions",
        "short",
        ["walstream_seq", "seq {{source}}"],
        ["walstream_frontier_lsn_bytes - walstream_confirmed_lsn_bytes", "archived, not confirmed {{source}}"]
      ),
      panel(
        "What waits",
        "bytes",
        ["walstream_ingest_waiting_bytes", "{{stage}} {{instance}}"],
        ["walstream_assembler_spill_bytes", "large transactions on disk {{instance}}"]
      ),
      panel(
        "Is the source read",
        "short",
        ["walstream_ingest_gate_closed", "gate closed {{instance}}"],
        ["walstream_slot_active", "slot active {{source}}"],
        ["walstream_open_transactions", "streamed transactions {{instance}}"]
      ),
      panel(
        "Tries again",
        "short",
        ["increase(walstream_capture_retries_total[$__rate_interval])", "capture {{instance}}"],
        ["increase(walstream_archive_retries_total[$__rate_interval])", "appends {{instance}}"],
        [
          "increase(walstream_live_buffer_dropped_total[$__rate_interval])",
          "not in the live buffer {{instance}}"
        ]
      ),
      panel(
        "Kafka and the spill",
        "short",
        ["walstream_kafka_send_age_seconds", "send waits, s {{instance}}"],
        ["walstream_spill_bytes", "spill, bytes {{instance}}"],
        ["walstream_spill_active", "spill leads {{instance}}"]
      ),
      panel(
        "The slot",
        "s",
        ["walstream_slot_seconds_until_lost", "until lost, if it moves no more"],
        ["walstream_slot_lag_seconds", "lag"]
      ),
      ...ofProcess("walstream-ingestor")
    ]
  },
  {
    name: "worker",
    title: "WalStream: workers",
    panels: [
      panel(
        "Jobs that run",
        "short",
        ["sum by (phase) (walstream_runs)", "{{phase}}"],
        ["sum(walstream_run_slots)", "slots"]
      ),
      panel("Replayed", "ops", [
        rate('walstream_events_replayed_total{job="walstream-worker"}'),
        "{{instance}}"
      ]),
      panel("One batch to a target", "s", ...percentiles("walstream_replay_latency_seconds")),
      panel("Pacing error", "s", ...percentiles("walstream_replay_pacing_error_seconds")),
      panel("Behind, of jobs that follow at full speed", "short", [
        "max(walstream_replay_lag_changes)",
        "changes"
      ]),
      panel("Least time left of a lease", "s", [
        "min by (instance) (walstream_job_lease_left_seconds)",
        "{{instance}}"
      ]),
      panel(
        "Rejected, and converged",
        "short",
        ["increase(walstream_apply_rejections_total[$__rate_interval])", "rejected batches {{instance}}"],
        [
          'increase(walstream_events_failed_total{job="walstream-worker"}[$__rate_interval])',
          "failed {{instance}}"
        ],
        ["increase(walstream_events_converged_total[$__rate_interval])", "converged {{instance}}"]
      ),
      ...ofProcess("walstream-worker")
    ]
  },
  {
    name: "replayer",
    title: "WalStream: replayers",
    panels: [
      panel("Sessions", "short", ["walstream_replayer_sessions", "{{instance}}"]),
      panel(
        "Applied",
        "ops",
        [rate("walstream_replayer_changes_total"), "of sessions {{instance}}"],
        [rate('walstream_events_replayed_total{job="walstream-replayer"}'), "of single calls {{instance}}"]
      ),
      panel("One batch", "s", ...percentiles("walstream_replayer_apply_seconds")),
      panel("Rejected", "short", [
        "increase(walstream_replayer_rejections_total[$__rate_interval])",
        "batches {{instance}}"
      ]),
      ...ofProcess("walstream-replayer")
    ]
  },
  {
    name: "control",
    title: "WalStream: control plane",
    panels: [
      panel("Requests", "reqps", [
        `sum by (status) (${rate("walstream_http_requests_total")})`,
        "{{status}}"
      ]),
      panel("Until an answer begins", "s", ...percentiles("walstream_http_request_seconds")),
      panel("Live streams", "short", ["walstream_live_streams", "{{instance}}"]),
      panel("Control database", "short", ["walstream_control_database_up", "answers {{instance}}"]),
      panel(
        "Jobs that somebody waits for",
        "short",
        ["max by (state) (walstream_jobs_active)", "{{state}}"],
        ["max by (state) (walstream_job_lease_expired)", "lease expired, {{state}}"]
      ),
      panel(
        "What the stores hold",
        "short",
        [
          "max by (store) (walstream_coverage_next_seq) - min by (store) (walstream_coverage_first_seq)",
          "{{store}}: transactions"
        ],
        ["max(walstream_live_buffer_bytes)", "live buffer: bytes"]
      ),
      ...ofProcess("walstream-control")
    ]
  }
]

/** The text of each file below `monitoring/grafana/dashboards`. */
export const dashboardFiles: ReadonlyMap<string, string> = new Map(
  dashboards.map((dashboard) => [
    `${dashboard.name}.json`,
    `${JSON.stringify(dashboardModel(dashboard), null, 2)}\n`
  ])
)

/** Every query of all dashboards, which are named by their titles. */
export const dashboardQueries: ReadonlyArray<{
  readonly dashboard: string
  readonly panel: string
  readonly expr: string
}> = dashboards.flatMap(({ title: dashboard, panels }) =>
  panels.flatMap(({ title: panel, lines }) => lines.map(([expr]) => ({ dashboard, panel, expr })))
)
