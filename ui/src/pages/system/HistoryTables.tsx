import { For, Show } from "solid-js"
import "../../kit/Table.css"
import type { HeldJson } from "../../../../src/control/api/SystemApi.ts"
import { Moment } from "../../kit/Moment.tsx"
import { Sideways } from "../../kit/Sideways.tsx"
import { count } from "../../lib/Numbers.ts"

type Held = typeof HeldJson.Type

const missingText = {
  changes: "all that was written before it joined the history",
  updates_and_deletes: "its updates and deletes, while it had no replica identity"
} as const

/** The source's lives with the holes between them, and what of single tables is not in the history. */
export const HistoryTables = (props: { readonly held: Held }) => (
  <>
    <Show when={props.held.holes.length > 0}>
      <Sideways part="scroll">
        <table class="table">
          <caption>What single tables lack</caption>
          <thead>
            <tr>
              <th scope="col">Table</th>
              <th scope="col">Missing</th>
              <th scope="col">From</th>
              <th scope="col">Until</th>
            </tr>
          </thead>
          <tbody>
            <For each={props.held.holes}>
              {(hole) => (
                <tr>
                  <td class="mono">{hole.table}</td>
                  <td class="wrap">{missingText[hole.missing]}</td>
                  <td>{hole.from === null ? "the beginning" : <Moment at={hole.from.time} />}</td>
                  <td>{hole.until === null ? "still open" : <Moment at={hole.until.time} />}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Sideways>
    </Show>
    <Show when={props.held.incarnations.length > 1}>
      <Sideways part="scroll">
        <table class="table">
          <caption>Lives of the source</caption>
          <thead>
            <tr>
              <th scope="col" class="num">
                No.
              </th>
              <th scope="col">Begins at</th>
              <th scope="col" class="num">
                First transaction
              </th>
              <th scope="col">Timeline</th>
              <th scope="col">Slot</th>
              <th scope="col">Hole before it</th>
            </tr>
          </thead>
          <tbody>
            <For each={props.held.incarnations}>
              {(life) => (
                <tr>
                  <td class="num">{life.number}</td>
                  <td class="mono">{life.start_lsn}</td>
                  <td class="num">{count(life.first_seq)}</td>
                  <td>{life.timeline}</td>
                  <td class="mono">{life.slot}</td>
                  <td class="wrap">{life.gap ?? "none"}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Sideways>
    </Show>
  </>
)
