import { Effect } from "effect"
import { Command } from "effect/cli"
import { slotDangerText } from "../../control/SlotDanger.ts"
import { spillText } from "../../control/SpillText.ts"
import { api } from "./ApiClient.ts"
import { count, waitsFor } from "./JobText.ts"
import { processLine } from "./ProcessText.ts"
import { answer } from "./Root.ts"

const size = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}

export const statusCommand = Command.make("status", {}, () =>
  Effect.gen(function* () {
    const { ask, url } = yield* api
    const source = yield* ask((rpc) => rpc["system.source"]())
    const coverage = yield* ask((rpc) => rpc["system.coverage"]())
    const jobs = yield* ask((rpc) =>
      rpc["jobs.list"]({
        query: { status: "queued,running,paused,failed", limit: 200 }
      })
    )
    const { items: processes } = yield* ask((rpc) => rpc["system.actors"]())
    const { archive, live_buffer: live } = coverage
    const held = (store: Pick<typeof archive, "kind" | "coverage">) =>
      `${store.kind}, transactions ${count(store.coverage.first_seq)} to ${count(store.coverage.next_seq - 1)}`
    const spilled = spillText(source)
    const byStatus = Map.groupBy(jobs.items, (job) => job.status)
    const active = [...byStatus].map(([status, of]) => `${of.length} ${status}`).join(", ")
    const lines = [
      `instance   ${url}${source.demo ? " (demo: the changes are made up)" : ""}`,
      `source     ${source.source}: ${source.phase}${source.message === null ? "" : `: ${source.message}`}`,
      ...(source.fix === null ? [] : [`fix        ${source.fix}`]),
      `seq        ${count(source.seq)}, frontier ${source.frontier}`,
      `lag        ${source.lag_bytes === null ? "unknown" : size(source.lag_bytes)}${
        source.latency_seconds === null
          ? ""
          : `, ${source.latency_seconds.toFixed(2)} s from commit to archive`
      }`,
      `kept WAL   ${source.retained_bytes === null ? "unknown" : size(source.retained_bytes)} for slot ${source.slot}${
        source.wal_status === null ? "" : ` (${source.wal_status})`
      }`,
      ...(source.safe_bytes === null
        ? []
        : [
            `bound      ${size(Math.max(0, source.safe_bytes))} more${
              source.seconds_until_lost === null ? "" : `: ${slotDangerText(source)}`
            }`
          ]),
      ...(spilled === null ? [] : [`spill      ${spilled}`]),
      `archive    ${held(archive)}`,
      `live       ${typeof live.reason === "string" ? `${live.kind}: ${live.reason}` : held(live)}`,
      `jobs       ${active === "" ? "none active" : active}`,
      ...jobs.items.flatMap((job) => {
        const waits = waitsFor(job)
        return waits === null ? [] : [`           ${job.name ?? job.id} waits ${waits}`]
      }),
      ...processes.map((process, i) => `${(i === 0 ? "processes" : "").padEnd(11)}${processLine(process)}`),
      ...coverage.incarnations.flatMap(({ number, first_seq: first, gap }) =>
        gap === null ? [] : [`gap        before transaction ${count(first)} (life ${number}): ${gap}`]
      ),
      ...(coverage.holes.length === 0
        ? []
        : [
            `holes      ${count(coverage.holes.length)} in the history of tables: see \`walstream doctor --url ${url}\``
          ])
    ]
    const told = processes.map(({ actors: _, ...process }) => process)
    yield* answer({ url, source, coverage, jobs: jobs.items, processes: told }, lines.join("\n"))
  })
).pipe(Command.withDescription("Show the instance, its source, its stores, its jobs and its processes"))
