import { Effect } from "effect"
import { Command } from "effect/cli"
import { slotDangerText } from "../../control/SlotDanger.ts"
import { api } from "./ApiClient.ts"
import { count, waitsFor } from "./JobText.ts"
import { answer } from "./Root.ts"

const size = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return `${(bytes / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}

export const statusCommand = Command.make("status", {}, () =>
  Effect.gen(function* () {
    const { client, explain, url } = yield* api
    const source = yield* client.system.source().pipe(Effect.mapError(explain))
    const coverage = yield* client.system.coverage().pipe(Effect.mapError(explain))
    const jobs = yield* client.jobs
      .list({ query: { status: "queued,running,paused,failed", limit: 200 } })
      .pipe(Effect.mapError(explain))
    const { archive, live_buffer: live } = coverage
    const held = (store: typeof archive) =>
      `${store.kind}, transactions ${count(store.coverage.first_seq)} to ${count(store.coverage.next_seq - 1)}`
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
      `archive    ${held(archive)}`,
      `live       ${held(live)}`,
      `jobs       ${active === "" ? "none active" : active}`,
      ...jobs.items.flatMap((job) => {
        const waits = waitsFor(job)
        return waits === null ? [] : [`           ${job.name ?? job.id} waits ${waits}`]
      }),
      ...coverage.incarnations.flatMap(({ number, first_seq: first, gap }) =>
        gap === null ? [] : [`gap        before transaction ${count(first)} (life ${number}): ${gap}`]
      ),
      ...(coverage.holes.length === 0
        ? []
        : [
            `holes      ${count(coverage.holes.length)} in the history of tables: see \`walstream doctor --url ${url}\``
          ])
    ]
    yield* answer({ url, source, coverage, jobs: jobs.items }, lines.join("\n"))
  })
).pipe(Command.withDescription("Show the instance, its source, its stores and its jobs"))
