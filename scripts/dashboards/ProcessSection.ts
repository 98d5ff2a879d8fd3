import { graph, type Section, tile } from "./Panel.ts"
import { increase, ofRole, rate } from "./Query.ts"

const width = 8

/** What every process tells of itself. */
export const processSection = (role: string): Section => {
  const its = ofRole(role)
  return {
    title: "Each process",
    panels: [
      tile("Up for", "s", [[`time() - ${its("process_start_time_seconds")}`, "{{instance}}"]], {
        width: 24,
        flat: true,
        empty: "none answers"
      }),
      graph(
        "CPU (100 % is one core)",
        "percentunit",
        [[`sum by (instance) (${rate(its("process_cpu_seconds_total"))})`, "{{instance}}"]],
        { width }
      ),
      graph(
        "Main thread busy",
        "percentunit",
        [[rate(its("nodejs_eventloop_busy_seconds_total")), "{{instance}}"]],
        { width, max: 1 }
      ),
      graph("Timers late, p99", "s", [[its("nodejs_eventloop_delay_seconds", 'at="p99"'), "{{instance}}"]], {
        width
      }),
      graph(
        "Memory",
        "bytes",
        [
          [its("process_resident_memory_bytes"), "resident {{instance}}"],
          [its("nodejs_heap_bytes", 'part="used"'), "heap {{instance}}"]
        ],
        { width }
      ),
      graph(
        "Actors in trouble",
        "short",
        [
          [`sum(${its("walstream_actors", 'state=~"backoff|failed"')})`, "do not run"],
          [`sum(${increase(its("walstream_actor_restarts_total"))})`, "restarted"],
          [`sum(${increase(its("walstream_mailbox_dropped_total"))})`, "lost messages"]
        ],
        { width, steps: true }
      ),
      graph(
        "Fullest mailboxes, messages",
        "short",
        [[`max by (group) (${its("walstream_mailbox_depth")})`, "{{group}}"]],
        { width }
      )
    ]
  }
}
