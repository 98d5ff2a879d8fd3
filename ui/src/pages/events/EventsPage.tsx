import { Schema } from "effect"
import { createEffect, createMemo, createSignal, on, Show } from "solid-js"
import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import { operations } from "../../../../src/domain/Change.ts"
import { Button } from "../../kit/Button.tsx"
import { Kbd } from "../../kit/Marks.tsx"
import { Empty, ProblemView } from "../../kit/States.tsx"
import { PageHead } from "../../kit/Surface.tsx"
import { count, rate } from "../../lib/Numbers.ts"
import { createSearchState } from "../../lib/SearchState.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { EventDetail } from "./EventDetail.tsx"
import { capacity, createEventFeed, type EventFilter } from "./EventFeed.ts"
import { EventFilters } from "./EventFilters.tsx"
import { EventGrid } from "./EventGrid.tsx"
import "./Events.css"
import { ExportMenu } from "./ExportMenu.tsx"
import { FrozenBar } from "./FrozenBar.tsx"

const shape = {
  fields: {
    table: Schema.String,
    key: Schema.String,
    text: Schema.String,
    operation: Schema.Literals(["", ...operations]),
    event: Schema.String
  },
  defaults: { table: "", key: "", text: "", operation: "" as const, event: "" }
}

/** As many as there are to begin with. */
const first = 200

const EventsPage = () => {
  const { api, live, commands, queries } = useApp()
  const search = createSearchState(shape)
  const filter = createMemo((): EventFilter => {
    const { table, key, text, operation } = search.value()
    return {
      ...(table === "" ? {} : { table }),
      ...(key === "" ? {} : { key }),
      ...(text === "" ? {} : { text }),
      ...(operation === "" ? {} : { operation })
    }
  })
  const feed = createEventFeed({
    live,
    filter,
    recent: async (wanted) => (await api.call("events.recent", { query: { ...wanted, limit: first } })).items
  })
  const [toTop, setToTop] = createSignal(() => {})
  const position = () => search.value().event

  const select = (event: LiveEventJson, push = position() === "") => {
    feed.freeze("detail")
    search.set({ event: event.position }, { push })
  }
  const close = () => {
    search.set({ event: "" })
    if (feed.frozen() === "detail") feed.freeze("pause")
    document.querySelector<HTMLElement>("[data-component=event-grid] [data-part=scroller]")?.focus()
  }
  const newest = () => {
    search.set({ event: "" })
    feed.resume()
    toTop()()
  }
  const selected = createMemo((): number | null => {
    const wanted = position()
    if (wanted === "") return null
    const rows = feed.rows()
    for (let i = 0; i < rows.size; i += 1) if (rows.at(i)?.position === wanted) return i
    return null
  })
  // A link may lead to a change that has left the page, or a cut one: it is asked for.
  const inRows = () => {
    const index = selected()
    const event = index === null ? undefined : feed.rows().at(index)
    return event?.cut === undefined ? event : undefined
  }
  const asked = useQuery(() => ({
    ...queries.event(position()),
    enabled: position() !== "" && inRows() === undefined && !feed.waiting()
  }))
  const shown = () =>
    position() === "" ? undefined : (inRows() ?? (asked.isSuccess ? asked.data : undefined))
  createEffect(
    on(position, (wanted) => {
      if (wanted !== "") feed.freeze("detail")
    })
  )

  const move = (by: number) => {
    const rows = feed.rows()
    const index = selected()
    const next = rows.at(index === null ? 0 : Math.max(0, Math.min(rows.size - 1, index + by)))
    if (next !== undefined) select(next)
  }
  const isFiltered = () => Object.keys(filter()).length > 0
  const toggle = () => (feed.frozen() === null ? feed.freeze("pause") : newest())

  commands.register(() => [
    {
      id: "pause",
      title: feed.frozen() === null ? "Pause" : "Resume",
      group: "Live events",
      keys: "Space",
      run: toggle
    },
    { id: "next", title: "Next change", group: "Live events", keys: "j", listed: false, run: () => move(1) },
    {
      id: "next arrow",
      title: "Next change",
      group: "Live events",
      keys: "ArrowDown",
      listed: false,
      run: () => move(1)
    },
    {
      id: "previous",
      title: "Change before",
      group: "Live events",
      keys: "k",
      listed: false,
      run: () => move(-1)
    },
    {
      id: "previous arrow",
      title: "Change before",
      group: "Live events",
      keys: "ArrowUp",
      listed: false,
      run: () => move(-1)
    },
    {
      id: "filter",
      title: "Filter",
      group: "Live events",
      keys: "/",
      listed: false,
      run: () => document.querySelector<HTMLElement>("[data-part=filter] input")?.focus()
    },
    ...(position() === ""
      ? []
      : [
          {
            id: "close",
            title: "Close the change",
            group: "Live events",
            keys: "Escape",
            listed: false,
            run: close
          }
        ])
  ])

  return (
    <>
      <PageHead
        title="Live events"
        actions={
          <>
            <Button icon={feed.frozen() === null ? "pause" : "play"} onClick={toggle}>
              {feed.frozen() === null ? "Pause" : "Resume"} <Kbd>Space</Kbd>
            </Button>
            <ExportMenu rows={feed.rows} />
            <Button variant="quiet" onClick={feed.clear}>
              Clear
            </Button>
          </>
        }
      >
        Newest first. Scrolling or opening a row stops the motion; nothing is lost meanwhile.
      </PageHead>
      <EventFilters
        value={search.value()}
        onChange={(change) => search.set({ ...change, event: "" })}
        status={
          <>
            {rate(feed.rate())}/s ·{" "}
            {feed.lost().dropped === 0
              ? "showing every change"
              : `${count(feed.lost().dropped)} dropped: this page was too slow`}{" "}
            · {count(feed.kept())} of {count(capacity)} kept
          </>
        }
      />
      <FrozenBar feed={feed} onNewest={newest} />
      <Show when={feed.error()}>{(error) => <ProblemView error={error()} />}</Show>
      <div data-component="events" data-open={position() === "" ? undefined : ""}>
        <div data-part="list" aria-busy={feed.waiting()}>
          <Show
            when={feed.rows().size > 0 || feed.waiting()}
            fallback={
              <Empty
                icon={isFiltered() ? "filter" : "events"}
                title={isFiltered() ? "The live buffer has nothing like that" : "No change has come yet"}
                actions={
                  <Show when={isFiltered()}>
                    <Button onClick={() => search.set({ table: "", key: "", text: "", operation: "" })}>
                      Clear filters
                    </Button>
                  </Show>
                }
              >
                {isFiltered()
                  ? "It holds the newest changes only; older ones are in the archive. What matches appears here the moment that it is committed."
                  : "Whatever is committed at the source appears here within milliseconds."}
              </Empty>
            }
          >
            <EventGrid
              rows={feed.rows()}
              selected={selected()}
              onSelect={(event) => select(event)}
              onScroll={(top) => {
                if (top > 0) feed.freeze("scroll")
                else if (feed.frozen() === "scroll") feed.resume()
              }}
              ref={(scroll) => setToTop(() => scroll)}
            />
          </Show>
        </div>
        <Show when={position() !== ""}>
          <Show
            when={shown()}
            keyed
            fallback={
              <Show when={asked.isError}>
                <div class="stack">
                  <ProblemView error={asked.error} />
                  <Button onClick={close}>Close</Button>
                </div>
              </Show>
            }
          >
            {(event) => <EventDetail event={event} onClose={close} />}
          </Show>
        </Show>
      </div>
    </>
  )
}

export default EventsPage
