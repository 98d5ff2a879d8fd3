import { Match, Show, Switch } from "solid-js"
import type { Event } from "../../../src/domain/Event.ts"
import { messageText } from "../lib/MessageText.ts"
import { CellView } from "./CellView.tsx"
import { ColumnDiff } from "./ColumnDiff.tsx"
import { Fact, Facts } from "./Surface.tsx"

type Shown = Pick<Event, "operation" | "key" | "before" | "after" | "unchanged" | "truncate" | "message">

/** What a change did, whichever kind it is. */
export const ChangeView = (props: { readonly event: Shown }) => (
  <Switch fallback={<ColumnDiff event={props.event} />}>
    <Match when={props.event.truncate}>
      {(truncate) => (
        <Facts>
          <Fact name="Emptied, all in one statement">
            <code>{truncate().tables.join(", ")}</code>
          </Fact>
          <Fact name="CASCADE">{truncate().cascade ? "yes" : "no"}</Fact>
          <Fact name="RESTART IDENTITY">{truncate().restart_identity ? "yes" : "no"}</Fact>
        </Facts>
      )}
    </Match>
    <Match when={props.event.message}>
      {(message) => (
        <div data-component="column-diff">
          <Facts>
            <Fact name="Prefix">
              <code>{message().prefix}</code>
            </Fact>
          </Facts>
          <div class="mono">
            <CellView
              name={message().prefix}
              cell={{ kind: "value", text: messageText(message().content).text }}
            />
          </div>
          <Show when={!messageText(message().content).isText}>
            <p class="faint">Its bytes are no text: in base64.</p>
          </Show>
        </div>
      )}
    </Match>
  </Switch>
)
