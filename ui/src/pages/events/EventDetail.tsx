import { A } from "@solidjs/router"
import { Show } from "solid-js"
import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import { ButtonLink, IconButton } from "../../kit/Button.tsx"
import { ChangeView } from "../../kit/ChangeView.tsx"
import { CopyButton } from "../../kit/Copy.tsx"
import { Op } from "../../kit/Marks.tsx"
import { Fact, Facts } from "../../kit/Surface.tsx"
import { count } from "../../lib/Numbers.ts"
import { isoText } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import { changeHref } from "../transaction/Pages.ts"
import { tableText } from "./ChangeText.ts"
import "./EventDetail.css"
import { InReplays } from "./InReplays.tsx"

/** One change, whole. */
export const EventDetail = (props: { readonly event: LiveEventJson; readonly onClose: () => void }) => {
  const { preferences, session } = useApp()
  const replay = () => `/jobs/new?start=${encodeURIComponent(props.event.commit_time)}`
  return (
    <section data-component="event-detail" aria-label="The change">
      <header>
        <Op operation={props.event.operation} />
        <h2 class="mono truncate">{tableText(props.event) || props.event.message?.prefix}</h2>
        <span class="grow" />
        <IconButton icon="close" size="small" label="Close (Esc)" onClick={() => props.onClose()} />
      </header>
      <div data-part="body">
        <Facts>
          <Fact name="Committed">
            <code>{isoText(props.event.commit_time, preferences.values.zone)}</code>
          </Fact>
          <Fact name="Position">
            <code>{props.event.position}</code>
          </Fact>
          <Fact name="Transaction">
            <A class="link" href={changeHref(props.event)}>
              seq {count(props.event.seq)} · {props.event.ordinal + 1} of {count(props.event.tx_count)}
            </A>
          </Fact>
        </Facts>
        <ChangeView event={props.event} />
        <InReplays event={props.event} />
        <div class="row">
          <Show when={session.may("operator")}>
            <ButtonLink size="small" icon="play" href={replay()}>
              Replay from here
            </ButtonLink>
          </Show>
          <ButtonLink size="small" href={changeHref(props.event)}>
            Whole transaction
          </ButtonLink>
          <CopyButton text={() => JSON.stringify(props.event, null, 2)}>Copy JSON</CopyButton>
        </div>
      </div>
    </section>
  )
}
