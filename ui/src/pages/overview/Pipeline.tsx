import { A } from "@solidjs/router"
import { type JSX, Show } from "solid-js"
import type { MetricsJson } from "../../../../src/control/api/MetricsJson.ts"
import type { SourceJson } from "../../../../src/control/api/SystemApi.ts"
import type { Answer } from "../../api/Api.ts"
import { Dot, type Tone } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Fact, Facts } from "../../kit/Surface.tsx"
import { seqText } from "../../lib/JobText.ts"
import { bytes, count, duration, missing, percent, rate } from "../../lib/Numbers.ts"
import type { Check } from "./Checks.ts"
import "./Pipeline.css"

interface NodeProps {
  readonly title: string
  readonly note: string
  readonly tone: Tone
  readonly href: string
  readonly children: JSX.Element
}

const Node = (props: NodeProps) => (
  <A href={props.href} data-part="node" data-tone={props.tone}>
    <h2>
      <Dot tone={props.tone} />
      {props.title}
      <span class="faint truncate">{props.note}</span>
    </h2>
    <Facts>{props.children}</Facts>
  </A>
)

const Flow = (props: {
  readonly rate: number | null | undefined
  readonly note?: string
  readonly label: string
}) => (
  <p data-part="flow" data-moving={(props.rate ?? 0) > 0 ? "" : undefined}>
    <span>
      <span class="sr-only">{props.label}: </span>
      {rate(props.rate)}/s
      <Show when={props.note}>
        <br />
        {props.note}
      </Show>
    </span>
  </p>
)

interface PipelineProps {
  readonly source: SourceJson | undefined
  readonly coverage: Answer<"system.coverage"> | undefined
  readonly metrics: MetricsJson | null
  readonly targets: ReadonlyArray<string>
  readonly checks: ReadonlyArray<Check>
  readonly isStale: boolean
}

const kinds = { kafka: "Kafka", sqlite: "SQLite file", redis: "Redis", memory: "in memory" } as const

/** Source to target in one line: what each holds, and how fast it goes from one to the next. */
export const Pipeline = (props: PipelineProps) => {
  const toneOf = (...ids: ReadonlyArray<string>): Tone => {
    const found = props.checks.find(({ id, tone }) => ids.includes(id) && (tone === "bad" || tone === "warn"))
    return found?.tone ?? (props.source === undefined ? "idle" : "ok")
  }
  const rates = () => props.metrics?.rates
  const jobs = (status: string) => props.metrics?.jobs?.[status] ?? (props.metrics?.jobs ? 0 : null)
  const running = () => (jobs("running") ?? 0) > 0
  const archive = () => props.coverage?.archive
  const live = () => props.coverage?.live_buffer
  const held = () => props.metrics?.live_buffer
  return (
    <section
      data-component="pipeline"
      data-stale={props.isStale ? "" : undefined}
      aria-label="From source to target"
    >
      <Node
        title="Source"
        note={props.source?.source ?? ""}
        tone={toneOf("capture", "slot", "gap")}
        href="/system"
      >
        <Fact name="Slot">
          {props.source?.slot_advancing === true
            ? "advancing"
            : props.source?.slot_active === false
              ? "not read"
              : missing}
        </Fact>
        <Fact name="Retained WAL">{bytes(props.source?.retained_bytes)}</Fact>
        <Fact name="Not confirmed">{bytes(props.source?.lag_bytes)}</Fact>
        <Fact name="Last commit">
          <Moment at={props.source?.last_commit_time} as="relative" />
        </Fact>
      </Node>
      <Flow
        label="captured"
        rate={rates()?.captured_changes}
        note={duration(props.metrics?.ingest_latency_seconds?.p50)}
      />
      <div data-part="stores">
        <Node
          title="Archive"
          note={archive() ? kinds[archive()?.kind ?? "sqlite"] : ""}
          tone={toneOf("kafka", "spill")}
          href="/system"
        >
          <Fact name="No gap, seq">
            <span class="mono">
              {seqText(archive()?.coverage.first_seq ?? null, archive()?.coverage.next_seq ?? null)}
            </span>
          </Fact>
          <Fact name="Holds since">
            <Moment at={archive()?.coverage.from_time} />
          </Fact>
        </Node>
        <Node
          title="Live buffer"
          note={live() ? kinds[live()?.kind ?? "memory"] : ""}
          tone={toneOf("redis")}
          href="/events"
        >
          <Fact name="Covers since">
            <Moment at={live()?.coverage.from_time} as="relative" />
          </Fact>
          <Fact name="Filled">
            {percent(held() ? (held()?.changes ?? 0) / Math.max(1, held()?.max_changes ?? 1) : null)} of{" "}
            {count(held()?.max_changes)}
          </Fact>
        </Node>
      </div>
      <Flow label="replayed" rate={running() ? rates()?.replayed_changes : 0} />
      <Node
        title="Replays"
        note=""
        tone={running() && toneOf("jobs") === "ok" ? "on" : toneOf("jobs")}
        href="/jobs"
      >
        <Fact name="Running">{count(jobs("running"))}</Fact>
        <Fact name="Waiting">{count(jobs("queued"))}</Fact>
        <Fact name="Completed">{count(jobs("completed"))}</Fact>
        <Fact name="Failed">{count(jobs("failed"))}</Fact>
      </Node>
      <Flow label="applied" rate={rates()?.replayed_changes} />
      <Node
        title={props.targets.length === 1 ? "Target" : "Targets"}
        note={props.targets.length === 1 ? (props.targets[0] ?? "") : count(props.targets.length)}
        tone={props.targets.length === 0 ? "idle" : "ok"}
        href="/jobs/new"
      >
        <Show when={props.targets.length > 0} fallback={<Fact name="None configured">dry runs only</Fact>}>
          <Fact name="Applied">{rate(rates()?.replayed_changes)}/s</Fact>
          <Fact name="Each change">once</Fact>
        </Show>
      </Node>
    </section>
  )
}
