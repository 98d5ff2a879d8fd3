import type { MetricsJson } from "../../../../src/control/api/MetricsJson.ts"
import type { SourceJson } from "../../../../src/control/api/SystemApi.ts"
import type { Section } from "../../../../src/control/doctor/Section.ts"
import type { Answer } from "../../api/Api.ts"
import type { Tone } from "../../kit/Marks.tsx"
import { bytes, duration, plural } from "../../lib/Numbers.ts"

/** One thing that was looked at: what is wrong, what mends it, where to read on. */
export interface Check {
  readonly id: string
  readonly tone: Exclude<Tone, "on">
  readonly title: string
  readonly cause?: string | undefined
  /** To be copied. */
  readonly fix?: string | undefined
  readonly href?: string | undefined
}

export interface Looked {
  readonly source: SourceJson | undefined
  readonly ready: Answer<"health.ready"> | undefined
  readonly metrics: MetricsJson | null
  readonly sections: ReadonlyArray<Section> | undefined
}

const phaseTitles: Readonly<Partial<Record<SourceJson["phase"], string>>> = {
  blocked: "Capture waits: the archive takes nothing",
  retrying: "Capture tries again",
  stopped: "Capture has stopped",
  ended: "Capture has ended",
  silent: "Nobody hears from the process that captures"
}

const captureCheck = (source: SourceJson): Check => {
  const title = phaseTitles[source.phase]
  if (title === undefined) return { id: "capture", tone: "ok", title: "Capture runs" }
  const tone = source.phase === "retrying" || source.phase === "blocked" ? "warn" : "bad"
  return { id: "capture", tone, title, cause: source.message ?? undefined, fix: source.fix ?? undefined }
}

const slotCheck = (source: SourceJson): Check => {
  const { wal_status: status, seconds_until_lost: left, slot_advancing: advances, slot } = source
  const id = "slot"
  if (status === "lost") {
    return {
      id,
      tone: "bad",
      title: "The slot is lost",
      cause: "The server has removed WAL that was not captured."
    }
  }
  if (left !== null && left < 3600 && advances !== true) {
    const cause = `At the present rate the server removes WAL that ${slot} needs in ${duration(left)}.`
    return { id, tone: left < 600 ? "bad" : "warn", title: "The slot will be lost", cause }
  }
  if (status === "unreserved") {
    return {
      id,
      tone: "bad",
      title: "The slot may be lost at the next checkpoint",
      cause: `${bytes(source.retained_bytes)} of WAL are kept for it.`
    }
  }
  if (source.slot_active === false) return { id, tone: "warn", title: "Nobody reads the slot" }
  if (advances === false) {
    const cause = `The server keeps ${bytes(source.retained_bytes)} of WAL for ${slot} and lets go of none.`
    return { id, tone: "warn", title: "The slot does not advance", cause }
  }
  return advances === null
    ? { id, tone: "idle", title: "Whether the slot advances shows in a moment" }
    : { id, tone: "ok", title: "The slot advances" }
}

const gapCheck = ({ gap, message }: SourceJson): Check =>
  gap === null
    ? { id: "gap", tone: "ok", title: "The history has no new gap" }
    : {
        id: "gap",
        tone: "bad",
        title: `There is a hole behind ${gap.from_lsn}`,
        cause: message ?? undefined,
        href: "/system"
      }

const spillCheck = ({ spill }: SourceJson): ReadonlyArray<Check> =>
  spill === null || spill.since === null
    ? []
    : [
        {
          id: "spill",
          tone: "warn",
          title: spill.drains ? "Kafka takes what was kept aside" : "Kafka is away: changes are kept aside",
          cause: `${plural(spill.transactions, "transaction")}, ${bytes(spill.bytes)} of at most ${bytes(spill.max_bytes)}. ${spill.message ?? ""}`
        }
      ]

const partNames = { postgres: "The control database", redis: "Redis", kafka: "Kafka" } as const

const partChecks = ({ components }: Answer<"health.ready">): ReadonlyArray<Check> =>
  (["postgres", "redis", "kafka"] as const).flatMap((part) => {
    const { status, required, reason } = components[part]
    if (status === "up") return []
    const consequence = required ? "" : " The rest goes on without it."
    return [
      {
        id: part,
        tone: required ? ("bad" as const) : ("warn" as const),
        title: `${partNames[part]} does not answer`,
        cause: `${reason ?? ""}${consequence}`.trim()
      }
    ]
  })

const processChecks = ({ processes }: MetricsJson): ReadonlyArray<Check> => {
  const silent = processes.filter((process) => process.silent)
  if (silent.length > 0) {
    const cause = silent.map(({ role, host, pid }) => `${role} ${pid} on ${host}`).join(", ")
    return [
      {
        id: "processes",
        tone: "warn",
        title: `${plural(silent.length, "process", "processes")} not heard of`,
        cause,
        href: "/system"
      }
    ]
  }
  const stuck = processes.reduce((sum, process) => sum + process.not_running, 0)
  return stuck === 0
    ? [
        {
          id: "processes",
          tone: "ok",
          title: `${plural(processes.length, "process", "processes")}, every actor runs`
        }
      ]
    : [{ id: "processes", tone: "warn", title: `${plural(stuck, "actor")} not running`, href: "/system" }]
}

const jobChecks = ({ jobs }: MetricsJson): ReadonlyArray<Check> => {
  const failed = jobs?.["failed"] ?? 0
  return failed === 0
    ? []
    : [
        {
          id: "jobs",
          tone: "warn",
          title: `${plural(failed, "replay")} failed`,
          cause: "Each names the change that it stands before.",
          href: "/jobs?status=failed"
        }
      ]
}

const severityTones = { error: "bad", warning: "warn", info: "idle" } as const

const findingChecks = (sections: ReadonlyArray<Section>): ReadonlyArray<Check> =>
  sections.flatMap(({ part, findings }) =>
    findings
      .filter(({ severity }) => severity !== "info")
      .map(({ severity, code, message, fix }) => ({
        id: `${part} ${code} ${message}`,
        tone: severityTones[severity],
        title: `${part}: ${message}`,
        fix: fix ?? undefined
      }))
  )

const order: ReadonlyArray<Tone> = ["bad", "warn", "idle", "ok"]

/** Everything that was looked at, the worst first. */
export const checksOf = ({ source, ready, metrics, sections }: Looked): ReadonlyArray<Check> =>
  [
    ...(source === undefined
      ? []
      : [captureCheck(source), gapCheck(source), slotCheck(source), ...spillCheck(source)]),
    ...(ready === undefined ? [] : partChecks(ready)),
    ...(metrics === null ? [] : [...jobChecks(metrics), ...processChecks(metrics)]),
    ...(sections === undefined ? [] : findingChecks(sections))
  ].toSorted((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone))
