import { type Dashboard, graph, tile } from "./Panel.ts"
import { processSection } from "./ProcessSection.ts"
import { increase, instanceOf, ofRole, orNone, p99, percentiles, rate } from "./Query.ts"
import { storesTile } from "./StoresTile.ts"

const its = ofRole("ingestor")

/** 0 where there is no time to wait: the next checkpoint may take the slot, or one has. */
const walStatus = `${its("walstream_slot_wal_status", 'status=~"reserved|extended"')} == 1 or 0 * (${its("walstream_slot_wal_status")} == 1)`

export const ingestor: Dashboard = {
  name: "ingestor",
  title: "WalStream: ingestor",
  choices: [instanceOf("ingestor")],
  sections: [
    {
      title: "Now",
      panels: [
        tile(
          "Phase",
          "short",
          [[orNone(`${its("walstream_capture_phase")} == 1`, "phase", "no answer"), "{{phase}} {{source}}"]],
          { alert: "IngestorStalled", names: true }
        ),
        tile("Until archived, p99", "s", [[p99(its("walstream_ingest_latency_seconds_bucket")), ""]], {
          alert: "HighIngestLatency",
          limit: 1,
          empty: "nothing came"
        }),
        tile(
          "The slot's WAL",
          "short",
          [[orNone(walStatus, "status", "no answer", -1), "{{status}} {{source}}"]],
          {
            alert: "SlotRetainedWalHigh",
            names: true,
            words: { [-1]: ["", "grey"], 0: ["", "red"], 1: ["", "green"] }
          }
        ),
        tile("Until the slot is lost", "s", [[`min(${its("walstream_slot_seconds_until_lost")})`, ""]], {
          empty: "not known"
        }),
        tile("The slot is read", "short", [[`min(${its("walstream_slot_active")})`, ""]], {
          words: { 0: ["no", "red"], 1: ["yes", "green"] },
          empty: "no answer"
        }),
        storesTile(`min by (store) (${its("walstream_store_up")})`)
      ]
    },
    {
      title: "On the way into the archive",
      panels: [
        graph(
          "From commit until archived (objective: p99 below 1 s), and the append's part",
          "s",
          [
            ...percentiles(its("walstream_ingest_latency_seconds_bucket")),
            ...percentiles(its("walstream_archive_append_seconds_bucket"), "append ")
          ],
          { alert: "HighIngestLatency", limit: 1, empty: "Nothing was captured" }
        ),
        graph(
          "Live buffer and marks",
          "s",
          [
            ...percentiles(its("walstream_live_buffer_append_seconds_bucket"), "live buffer ").slice(1),
            ...percentiles(its("walstream_archive_mark_seconds_bucket"), "mark ").slice(1)
          ],
          { empty: "Nothing was captured" }
        ),
        graph("Transactions", "cps", [
          [rate(its("walstream_transactions_ingested_total")), "archived {{source}}"],
          [rate(its("walstream_transactions_empty_total")), "without captured changes {{source}}"]
        ]),
        graph("Bytes", "Bps", [
          [rate(its("walstream_source_wal_lsn_bytes")), "WAL written by {{source}}"],
          [rate(its("walstream_received_bytes_total")), "received {{source}}"],
          [rate(its("walstream_ingested_bytes_total")), "archived {{source}}"]
        ]),
        graph("What waits", "bytes", [
          [its("walstream_ingest_waiting_bytes"), "{{stage}} {{source}}"],
          [its("walstream_assembler_spill_bytes"), "large transactions on disk {{source}}"]
        ]),
        graph(
          "The source's connection",
          "short",
          [
            [its("walstream_ingest_gate_closed"), "not read, since stages are full {{source}}"],
            [its("walstream_open_transactions"), "streamed transactions {{source}}"]
          ],
          { steps: true }
        ),
        graph(
          "Tried again, and lost to the live buffer",
          "short",
          [
            [increase(its("walstream_capture_retries_total")), "capture {{source}}"],
            [increase(its("walstream_archive_retries_total")), "appends {{source}}"],
            [
              increase(its("walstream_live_buffer_dropped_total")),
              "changes not in the live buffer {{source}}"
            ]
          ],
          { steps: true }
        ),
        graph("Phase", "short", [[`${its("walstream_capture_phase")} == 1`, "{{phase}} {{instance}}"]], {
          steps: true,
          max: 1,
          empty: "No ingestor answers"
        })
      ]
    },
    {
      title: "The slot, and positions",
      panels: [
        graph(
          "WAL that the source keeps for the slot",
          "bytes",
          [
            [its("walstream_slot_retained_wal_bytes"), "kept by {{source}}"],
            [its("walstream_slot_lag_bytes"), "not confirmed, {{source}}"],
            [
              `${its("walstream_frontier_lsn_bytes")} - ${its("walstream_confirmed_lsn_bytes")}`,
              "of it archived, {{source}}"
            ]
          ],
          { alert: "SlotRetainedWalHigh" }
        ),
        graph(
          "Until the slot is lost, if it moves no more",
          "s",
          [[its("walstream_slot_seconds_until_lost"), "{{source}}"]],
          { empty: "Nothing bounds what the slot keeps, or the source writes nothing" }
        ),
        graph("Archive behind the source", "s", [[its("walstream_slot_lag_seconds"), "{{source}}"]]),
        graph("The last transaction's number", "short", [[its("walstream_seq"), "{{source}}"]])
      ]
    },
    {
      title: "Kafka, and the spill beside it",
      panels: [
        graph(
          "For how long Kafka has not taken what waits",
          "s",
          [[its("walstream_kafka_send_age_seconds"), "{{source}}"]],
          {
            width: 8,
            empty: "The archive is not in Kafka"
          }
        ),
        graph(
          "Spill: used of SPILL_MAX_BYTES",
          "percentunit",
          [[`${its("walstream_spill_bytes")} / ${its("walstream_spill_max_bytes")}`, "{{source}}"]],
          { width: 8, max: 1, empty: "There is no spill" }
        ),
        graph(
          "Spill",
          "short",
          [
            [its("walstream_spill_active"), "takes what Kafka does not {{source}}"],
            [its("walstream_spill_stuck"), "cannot be given to Kafka {{source}}"]
          ],
          { width: 8, steps: true, max: 1, empty: "There is no spill" }
        )
      ]
    },
    processSection("ingestor")
  ]
}
