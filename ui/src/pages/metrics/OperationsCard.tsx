import { For, Show } from "solid-js"
import { operations } from "../../../../src/domain/Change.ts"
import { Op } from "../../kit/Marks.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { count, duration, percent, plural } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { type OperationMix, operationMix, type TableMix } from "./OperationMix.ts"

/** How many of the newest changes are looked at. */
const sample = 500

/** Insert, update, delete and truncate side by side; the numbers are beside it. */
const MixBar = (props: { readonly mix: Pick<TableMix, "changes" | "counts">; readonly of: number }) => (
  <span data-part="mix" aria-hidden="true">
    <For each={operations}>
      {(operation) => (
        <i
          data-operation={operation}
          style={{ width: `${(props.mix.counts[operation] / Math.max(1, props.of)) * 100}%` }}
        />
      )}
    </For>
  </span>
)

const span = ({ oldest, newest }: OperationMix): number | null =>
  oldest === null || newest === null ? null : (Date.parse(newest) - Date.parse(oldest)) / 1000

/** What the changes are, told by the newest of the live buffer. */
export const OperationsCard = () => {
  const { api } = useApp()
  const mix = useQuery(() => ({
    queryKey: ["operation-mix"],
    queryFn: async ({ signal }) => {
      const { items } = await api.call("events.recent", { query: { limit: sample } }, { signal })
      return operationMix(items)
    },
    refetchInterval: 10_000
  }))
  return (
    <Card
      title="Operations"
      note={
        <Show when={mix.isSuccess && mix.data}>
          {(held) => `the newest ${plural(held().changes, "change")}, within ${duration(span(held()))}`}
        </Show>
      }
    >
      <Loaded query={mix}>
        {(held) => (
          <Show
            when={held().changes > 0}
            fallback={<Empty title="Nothing captured yet">The first change in the source shows here.</Empty>}
          >
            <div data-component="operation-mix">
              <ul data-part="kinds">
                <For each={operations.filter((operation) => held().counts[operation] > 0)}>
                  {(operation) => (
                    <li>
                      <Op operation={operation} />
                      <b>{percent(held().counts[operation] / held().changes)}</b>
                      <span class="faint">{count(held().counts[operation])}</span>
                    </li>
                  )}
                </For>
              </ul>
              <table class="table">
                <caption class="sr-only">The busiest tables</caption>
                <thead>
                  <tr>
                    <th scope="col">Table</th>
                    <th scope="col">
                      <span class="sr-only">Share of each operation</span>
                    </th>
                    <th scope="col" class="num">
                      Changes
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <For each={held().tables}>
                    {(table) => (
                      <tr>
                        <td class="mono">{table.table}</td>
                        <td>
                          <MixBar mix={table} of={held().tables[0]?.changes ?? 1} />
                        </td>
                        <td class="num">{count(table.changes)}</td>
                      </tr>
                    )}
                  </For>
                  <Show when={held().others > 0}>
                    <tr>
                      <td class="muted">all others</td>
                      <td />
                      <td class="num">{count(held().others)}</td>
                    </tr>
                  </Show>
                </tbody>
              </table>
            </div>
          </Show>
        )}
      </Loaded>
    </Card>
  )
}
