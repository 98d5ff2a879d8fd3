import { Show } from "solid-js"
import { IconButton } from "../kit/Button.tsx"
import { Icon } from "../kit/Icon.tsx"
import { Dot, Kbd, type Tone } from "../kit/Marks.tsx"
import { Moment } from "../kit/Moment.tsx"
import { duration, missing, rate } from "../lib/Numbers.ts"
import type { Connection } from "../live/Connection.ts"
import { useApp } from "../state/App.ts"
import { keysText } from "../state/Commands.ts"
import { useQuery } from "../state/Query.ts"
import "./StatusLine.css"

const words: Readonly<Record<Connection["state"], readonly [Tone, string]>> = {
  open: ["on", "Live"],
  connecting: ["warn", "Connecting"],
  stale: ["warn", "No word"],
  backoff: ["warn", "Reconnecting"],
  denied: ["bad", "Not live"],
  closed: ["idle", "Not live"]
}

interface StatusLineProps {
  readonly onMenu: () => void
  readonly onSearch: () => void
}

/** On top of every page: whether it is live, how fast, how late, how far it is durable, since when without a gap. */
export const StatusLine = (props: StatusLineProps) => {
  const { live, metrics, queries } = useApp()
  const source = useQuery(queries.source)
  const coverage = useQuery(queries.coverage)
  const connection = () => words[live.connection().state]
  const lag = () => metrics.latest()?.ingest_latency_seconds?.p50 ?? null
  return (
    <header data-component="status-line">
      <span data-part="menu">
        <IconButton icon="menu" label="Menu" onClick={() => props.onMenu()} />
      </span>
      <span data-part="state">
        <Dot tone={connection()[0]} />
        {connection()[1]}
      </span>
      <span>
        <b>{rate(metrics.latest()?.rates.captured_changes)}</b> changes/s
      </span>
      <span data-part="wide">
        lag <b>{duration(lag())}</b>
      </span>
      <span data-part="wide">
        archive durable to <b class="mono">{source.isSuccess ? source.data.frontier : missing}</b>
      </span>
      <Show when={coverage.isSuccess && coverage.data.archive.coverage.from_time}>
        {(since) => (
          <span data-part="widest">
            no gap since{" "}
            <b>
              <Moment at={since()} />
            </b>
          </span>
        )}
      </Show>
      <span class="grow" />
      <button type="button" data-part="search" onClick={() => props.onSearch()}>
        <Icon name="search" size={14} />
        <span data-part="search-text">Search or jump</span>
        <span data-part="wide">
          <Kbd>{keysText("mod+k")}</Kbd>
        </span>
      </button>
    </header>
  )
}
