import { For, Show } from "solid-js"
import type { HeldJson } from "../../../../src/control/api/SystemApi.ts"
import { Pill } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { seqText } from "../../lib/JobText.ts"
import { plural } from "../../lib/Numbers.ts"
import { storeName } from "../../lib/StoreText.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { type Axis, axisOf, coveredOf, holesOf, missingOf, type Stretch } from "./CoverageSpans.ts"
import { HistoryTables } from "./HistoryTables.tsx"

const Track = (props: { readonly stretches: ReadonlyArray<Stretch | null>; readonly missing?: boolean }) => (
  <span data-part="track" data-missing={props.missing === true ? "" : undefined} aria-hidden="true">
    <For each={props.stretches}>
      {(stretch) => (
        <Show when={stretch}>
          {(held) => (
            <i style={{ left: `${held().from * 100}%`, width: `${(held().until - held().from) * 100}%` }} />
          )}
        </Show>
      )}
    </For>
  </span>
)

const Store = (props: {
  readonly name: string
  readonly store: typeof HeldJson.Type.archive
  readonly axis: Axis
}) => (
  <div data-part="store">
    <span>
      {props.name} <span class="faint">{storeName(props.store.kind)}</span>
    </span>
    <Track stretches={[coveredOf(props.store.coverage, props.axis)]} />
    <span class="mono">
      {props.store.coverage.next_seq > props.store.coverage.first_seq
        ? `seq ${seqText(props.store.coverage.first_seq, props.store.coverage.next_seq)}`
        : "empty"}
    </span>
  </div>
)

/** What each store holds without a hole, and what the history lacks. */
export const CoverageCard = () => {
  const { queries, now } = useApp()
  const coverage = useQuery(queries.coverage)
  return (
    <Card
      title="Proof of coverage"
      note={
        <Show when={coverage.isSuccess && coverage.data}>
          {(held) => (
            <Show when={holesOf(held()) > 0} fallback={<Pill tone="ok">No gap</Pill>}>
              <Pill tone="warn">{plural(holesOf(held()), "known hole")}</Pill>
            </Show>
          )}
        </Show>
      }
      actions={<span class="faint">every transaction is numbered: none of these is missing</span>}
    >
      <Loaded query={coverage}>
        {(held) => (
          <Show
            when={axisOf(held(), now().getTime())}
            fallback={
              <Empty title="Nothing is held yet">The first committed transaction begins the history.</Empty>
            }
          >
            {(axis) => (
              <div data-component="coverage">
                <Store name="Archive" store={held().archive} axis={axis()} />
                <Store name="Live buffer" store={held().live_buffer} axis={axis()} />
                <Show when={held().holes.length > 0}>
                  <div data-part="store">
                    <span>Tables lacking something</span>
                    <Track missing stretches={held().holes.map((hole) => missingOf(hole, axis()))} />
                    <span>{plural(held().holes.length, "hole")}, below</span>
                  </div>
                </Show>
                <div data-part="ticks" class="faint">
                  <Moment at={new Date(axis().from).toISOString()} />
                  <span>now</span>
                </div>
                <HistoryTables held={held()} />
              </div>
            )}
          </Show>
        )}
      </Loaded>
    </Card>
  )
}
