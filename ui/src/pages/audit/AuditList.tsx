import { A } from "@solidjs/router"
import { createSignal, createUniqueId, For, Show } from "solid-js"
import type { AuditJson } from "../../../../src/control/api/AuditJson.ts"
import { ColumnDiff } from "../../kit/ColumnDiff.tsx"
import { CopyIcon } from "../../kit/Copy.tsx"
import { Icon } from "../../kit/Icon.tsx"
import { Pill, type Tone } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Fact, Facts } from "../../kit/Surface.tsx"
import { count, plural } from "../../lib/Numbers.ts"
import { hrefOf, stateChange } from "./AuditState.ts"

const tones: Readonly<Record<AuditJson["outcome"], Tone>> = {
  done: "ok",
  unchanged: "idle",
  refused: "warn",
  failed: "bad"
}

const Detail = (props: { readonly entry: AuditJson }) => (
  <div data-part="columns">
    <Facts>
      <Fact name="Line">{count(props.entry.seq)}</Fact>
      <Fact name="By">
        {props.entry.actor ?? "nobody known"}
        {props.entry.credential === null ? "" : `, with ${props.entry.credential}`}
      </Fact>
      <Show when={props.entry.target}>
        {(target) => (
          <Fact name="To">
            <Show when={hrefOf(props.entry)} fallback={<code>{target()}</code>}>
              {(href) => (
                <A href={href()} class="link mono">
                  {target()}
                </A>
              )}
            </Show>
          </Fact>
        )}
      </Show>
      <Fact name="Answer">
        {props.entry.status ?? "none: the system did it"} {props.entry.problem}
      </Fact>
      <Fact name="From">
        {props.entry.address ?? "here"} by {props.entry.door}
      </Fact>
      <Show when={props.entry.request_id}>
        {(id) => (
          <Fact name="Request">
            <code>{id()}</code>
            <CopyIcon text={id()} label="Copy the request's id" />
          </Fact>
        )}
      </Show>
      <Fact name="Hash" title="Over this line and the hash of the one before">
        <code>{props.entry.hash.slice(0, 16)}…</code>
        <CopyIcon text={`${props.entry.seq}:${props.entry.hash}`} label="Copy the line's number and hash" />
      </Fact>
    </Facts>
    <Show when={stateChange(props.entry)} fallback={<p class="faint">Nothing is different for it.</p>}>
      {(change) => <ColumnDiff isState event={change()} />}
    </Show>
  </div>
)

interface LineProps {
  readonly entry: AuditJson
  readonly isOpen: boolean
  readonly onToggle: () => void
}

const Line = (props: LineProps) => {
  const id = createUniqueId()
  return (
    <li data-open={props.isOpen ? "" : undefined}>
      <button type="button" aria-expanded={props.isOpen} aria-controls={id} onClick={() => props.onToggle()}>
        <Icon name={props.isOpen ? "down" : "right"} size={12} />
        <span data-part="time" class="muted">
          <Moment at={props.entry.at} />
        </span>
        <span data-part="actor" class="truncate">
          {props.entry.actor ?? <span class="faint">nobody known</span>}
        </span>
        <span data-part="action" class="mono truncate">
          {props.entry.action}
        </span>
        <span data-part="target" class="mono faint truncate">
          {props.entry.target}
        </span>
        <span data-part="outcome">
          <Show when={props.entry.repeats > 1}>
            <span class="faint" title={`${plural(props.entry.repeats, "time")} within a minute`}>
              × {count(props.entry.repeats)}{" "}
            </span>
          </Show>
          <Pill tone={tones[props.entry.outcome]} title={props.entry.problem ?? undefined}>
            {props.entry.outcome}
          </Pill>
        </span>
      </button>
      <Show when={props.isOpen}>
        <div id={id} data-part="detail">
          <Detail entry={props.entry} />
        </div>
      </Show>
    </li>
  )
}

/** One line each: who, what, to what, and how it ended. */
export const AuditList = (props: { readonly entries: ReadonlyArray<AuditJson> }) => {
  // By their numbers: a newer line takes the place of each, not what was opened.
  const [open, setOpen] = createSignal<ReadonlySet<number>>(new Set())
  const toggle = (seq: number) =>
    setOpen((held) => new Set(held.has(seq) ? [...held].filter((other) => other !== seq) : [...held, seq]))
  return (
    <ol data-component="audit">
      <For each={props.entries}>
        {(entry) => <Line entry={entry} isOpen={open().has(entry.seq)} onToggle={() => toggle(entry.seq)} />}
      </For>
    </ol>
  )
}
