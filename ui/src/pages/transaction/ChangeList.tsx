import { A } from "@solidjs/router"
import { createUniqueId, For, onMount, Show } from "solid-js"
import type { Event } from "../../../../src/domain/Event.ts"
import { ChangeView } from "../../kit/ChangeView.tsx"
import { CopyIcon } from "../../kit/Copy.tsx"
import { Icon } from "../../kit/Icon.tsx"
import { Op } from "../../kit/Marks.tsx"
import { keyText } from "../../lib/ColumnDiff.ts"
import { count } from "../../lib/Numbers.ts"

interface ChangeItemProps {
  readonly event: Event
  readonly isOpen: boolean
  readonly onToggle: () => void
}

const ChangeItem = (props: ChangeItemProps) => {
  const id = createUniqueId()
  let item: HTMLLIElement | undefined
  onMount(() => {
    // Come to by its address: where it stands may be far down.
    if (props.isOpen) item?.scrollIntoView({ block: "nearest" })
  })
  const table = () => (props.event.table === null ? "no table" : `${props.event.schema}.${props.event.table}`)
  return (
    <li
      ref={(made) => {
        item = made
      }}
      data-open={props.isOpen ? "" : undefined}
    >
      <button type="button" aria-expanded={props.isOpen} aria-controls={id} onClick={() => props.onToggle()}>
        <Icon name={props.isOpen ? "down" : "right"} size={12} />
        <span data-part="ordinal" class="faint">
          {count(props.event.ordinal + 1)}
        </span>
        <Op operation={props.event.operation} />
        <span data-part="table" class="mono">
          {table()}
        </span>
        <span data-part="key" class="mono faint truncate">
          {keyText(props.event.key)}
        </span>
      </button>
      <Show when={props.isOpen}>
        <div id={id} data-part="detail">
          <ChangeView event={props.event} />
          <p class="faint row">
            <span>
              Position <code>{props.event.position}</code>
            </span>
            <CopyIcon text={props.event.position} label="Copy the position" />
            <Show when={props.event.table !== null}>
              <A class="link" href={`/events?table=${encodeURIComponent(table())}`}>
                Live events of {table()}
              </A>
            </Show>
          </p>
        </div>
      </Show>
    </li>
  )
}

interface ChangeListProps {
  readonly events: ReadonlyArray<Event>
  /** An ordinal; -1 for none. */
  readonly open: number
  readonly onOpen: (ordinal: number) => void
}

/** One line a change; one is open at a time, and is in the address. */
export const ChangeList = (props: ChangeListProps) => (
  <ol data-component="changes">
    <For each={props.events}>
      {(event) => (
        <ChangeItem
          event={event}
          isOpen={props.open === event.ordinal || props.events.length === 1}
          onToggle={() => props.onOpen(props.open === event.ordinal ? -1 : event.ordinal)}
        />
      )}
    </For>
  </ol>
)
