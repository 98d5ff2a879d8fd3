import type { SourceJson } from "../../src/control/api/SystemApi.ts"

/** A source that is captured, and nothing is wrong. */
export const capturing: SourceJson = {
  source: "shop",
  demo: true,
  phase: "capturing",
  message: null,
  fix: null,
  code: null,
  slot: "walstream_slot",
  publication: "walstream",
  plugin: "pgoutput",
  seq: 3,
  frontier: "0/300",
  current_lsn: "0/308",
  lag_bytes: 8,
  latency_seconds: 0.01,
  retained_bytes: 8,
  wal_status: "reserved",
  safe_bytes: null,
  seconds_until_lost: null,
  slot_advancing: true,
  gap: null,
  spill: null,
  slot_active: true,
  last_commit_time: null,
  coverage_time: null,
  transactions: 3,
  changes: 4,
  reconnects: 0
}
