import { type Dashboard, graph, tile } from "./Panel.ts"
import { processSection } from "./ProcessSection.ts"
import { increase, instanceOf, ofRole, p99, percentiles, rate } from "./Query.ts"

const its = ofRole("replayer")

export const replayer: Dashboard = {
  name: "replayer",
  title: "WalStream: replayers",
  choices: [instanceOf("replayer")],
  sections: [
    {
      title: "Now",
      panels: [
        tile("Sessions", "short", [[its("walstream_replayer_sessions"), "{{instance}}"]], {
          width: 16,
          empty: "no replayer answers"
        }),
        tile("Batch at target, p99", "s", [[p99(its("walstream_replayer_apply_seconds_bucket")), ""]], {
          width: 8,
          alert: "HighReplayLatency",
          limit: 0.5,
          empty: "none replayed"
        })
      ]
    },
    {
      title: "Applied",
      panels: [
        graph("Changes", "eps", [
          [rate(its("walstream_replayer_changes_total")), "of sessions {{instance}}"],
          [rate(its("walstream_events_replayed_total")), "of single calls {{instance}}"]
        ]),
        graph(
          "One batch, from read until committed",
          "s",
          percentiles(its("walstream_replayer_apply_seconds_bucket")),
          {
            alert: "HighReplayLatency",
            limit: 0.5,
            empty: "Nothing was replayed"
          }
        ),
        graph("Sessions", "short", [[its("walstream_replayer_sessions"), "{{instance}}"]], { steps: true }),
        graph(
          "Rejected",
          "short",
          [
            [increase(its("walstream_replayer_rejections_total")), "batches of sessions {{instance}}"],
            [increase(its("walstream_events_failed_total")), "single calls {{instance}}"]
          ],
          { steps: true }
        )
      ]
    },
    processSection("replayer")
  ]
}
