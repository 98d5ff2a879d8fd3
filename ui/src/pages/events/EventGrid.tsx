import { createEffect, createMemo, createSignal, Index, on, onCleanup, onMount, Show } from "solid-js"
import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import { Op } from "../../kit/Marks.tsx"
import { count } from "../../lib/Numbers.ts"
import { rowWindow, scrollToRow } from "../../lib/RowWindow.ts"
import { preciseText } from "../../lib/Time.ts"
import { useApp } from "../../state/App.ts"
import { changeText } from "./ChangeText.ts"
import type { Rows } from "./EventFeed.ts"
import "./EventGrid.css"

const rowHeight = 28
const overscan = 8

interface GridProps {
  readonly rows: Rows
  readonly selected: number | null
  readonly onSelect: (event: LiveEventJson) => void
  /** Pixels from the newest. */
  readonly onScroll: (top: number) => void
  /** Hands out what scrolls to the newest. */
  readonly ref: (toTop: () => void) => void
}

const Row = (props: {
  readonly event: LiveEventJson
  readonly index: number
  readonly selected: boolean
  readonly onSelect: () => void
}) => {
  const { preferences } = useApp()
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid around it has the focus and the keys
    <div
      role="row"
      data-part="row"
      aria-rowindex={props.index + 2}
      aria-selected={props.selected}
      onClick={() => props.onSelect()}
    >
      <span role="cell" class="mono faint">
        {preciseText(new Date(props.event.commit_time), preferences.values.zone)}
      </span>
      <span role="cell">
        <Op operation={props.event.operation} />
      </span>
      <span role="cell" class="mono">
        <Show when={props.event.table}>
          {(table) => (
            <>
              <span data-part="schema">{props.event.schema}.</span>
              {table()}
            </>
          )}
        </Show>
      </span>
      <span role="cell" class="mono muted">
        {changeText(props.event)}
      </span>
      <span role="cell" class="mono faint">
        {count(props.event.seq)} · {props.event.ordinal + 1}/{props.event.tx_count}
      </span>
    </div>
  )
}

/** A window on all rows: fixed heights, places by index, and never more in the document than is seen. */
export const EventGrid = (props: GridProps) => {
  const [top, setTop] = createSignal(0)
  const [viewport, setViewport] = createSignal(600)
  let scroller: HTMLDivElement | undefined

  const view = createMemo(() =>
    rowWindow({ scrollTop: top(), viewport: viewport(), rowHeight, total: props.rows.size, overscan })
  )
  // One recycled row for each place in the window.
  const places = createMemo(() => {
    const { first, end } = view()
    return Array.from({ length: end - first }, (_, i) => first + i)
  })

  onMount(() => {
    const observer = new ResizeObserver(([entry]) => setViewport(entry?.contentRect.height ?? 600))
    if (scroller !== undefined) observer.observe(scroller)
    onCleanup(() => observer.disconnect())
    props.ref(() => {
      if (scroller !== undefined) scroller.scrollTop = 0
      setTop(0)
    })
  })
  createEffect(
    on(
      () => props.selected,
      (selected) => {
        if (selected === null || scroller === undefined) return
        const scrollTop = scrollToRow(selected, {
          scrollTop: scroller.scrollTop,
          viewport: viewport(),
          rowHeight
        })
        if (scrollTop !== scroller.scrollTop) scroller.scrollTop = scrollTop
      }
    )
  )
  const scrolled = () => {
    const at = scroller?.scrollTop ?? 0
    setTop(at)
    props.onScroll(at)
  }

  return (
    <div
      role="table"
      data-component="event-grid"
      aria-label="Changes, newest first"
      aria-rowcount={props.rows.size + 1}
    >
      <div role="row" data-part="head" aria-rowindex={1}>
        <span role="columnheader">Commit time</span>
        <span role="columnheader">Operation</span>
        <span role="columnheader">Table</span>
        <span role="columnheader">Change</span>
        <span role="columnheader">Transaction</span>
      </div>
      <div
        data-part="scroller"
        role="rowgroup"
        tabindex={0}
        aria-label="Rows: j and k or the arrows open the next or the one before"
        ref={(made) => {
          scroller = made
        }}
        onScroll={scrolled}
      >
        <div data-part="space" style={{ height: `${view().height}px` }}>
          <div data-part="rows" style={{ transform: `translateY(${view().offset}px)` }}>
            <Index each={places()}>
              {(index) => (
                <Show when={props.rows.at(index())}>
                  {(event) => (
                    <Row
                      event={event()}
                      index={index()}
                      selected={props.selected === index()}
                      onSelect={() => props.onSelect(event())}
                    />
                  )}
                </Show>
              )}
            </Index>
          </div>
        </div>
      </div>
    </div>
  )
}
