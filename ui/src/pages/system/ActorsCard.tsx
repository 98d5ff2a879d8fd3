import { A } from "@solidjs/router"
import { createSignal, For, Index, Show } from "solid-js"
import "../../kit/Table.css"
import type { ProcessJson } from "../../../../src/control/api/ProcessJson.ts"
import { Checkbox } from "../../kit/Form.tsx"
import { Dot } from "../../kit/Marks.tsx"
import { Card } from "../../kit/Surface.tsx"
import { jobTitle } from "../../lib/JobText.ts"
import { count, duration, missing } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import { type ActorRow, actorRows, jobOf, rowsToLookAt, stateText, stateTone } from "./ActorRows.ts"

const mailboxText = ({ actor: { mailbox } }: ActorRow): string =>
  mailbox === null
    ? ""
    : `${count(mailbox.depth)} / ${Number.isFinite(mailbox.capacity) ? count(mailbox.capacity) : "∞"}`

const ActorLine = (props: { readonly row: ActorRow }) => {
  const { now } = useApp()
  const actor = () => props.row.actor
  return (
    <>
      <tr data-kind={actor().kind}>
        <th scope="row" data-depth={Math.min(props.row.depth, 4)} title={actor().path}>
          <span data-part="name">
            <Dot tone={stateTone(actor())} />
            <Show when={jobOf(actor())} fallback={<span class="mono">{actor().name}</span>}>
              {(id) => (
                <A href={`/jobs/${id()}`} class="mono link">
                  {jobTitle({ id: id(), name: null })}
                </A>
              )}
            </Show>
          </span>
        </th>
        <td>{stateText[actor().state] ?? actor().state}</td>
        <td
          class="num mono"
          title={
            actor().mailbox === null
              ? undefined
              : `full: ${actor().mailbox?.overflow}; not taken so far: ${count(actor().mailbox?.dropped)}`
          }
        >
          {mailboxText(props.row)}
        </td>
        <td class="num">{count(actor().restarts)}</td>
        <td class="num faint hide-s">
          {duration(Math.max(1, (now().getTime() - Date.parse(actor().since)) / 1000))}
        </td>
      </tr>
      <Show when={actor().last_error}>
        {(error) => (
          <tr data-part="error">
            <td colspan="5" data-depth={Math.min(props.row.depth, 4)} class="wrap">
              <span class="muted">failed last with</span> <code>{error()}</code>
            </td>
          </tr>
        )}
      </Show>
    </>
  )
}

const ProcessRows = (props: { readonly process: ProcessJson; readonly onlyNotable: boolean }) => {
  const rows = () => (props.onlyNotable ? rowsToLookAt(actorRows(props.process)) : actorRows(props.process))
  return (
    <tbody>
      <tr data-part="process">
        <th scope="rowgroup" colspan="5">
          <b>{props.process.role}</b>{" "}
          <span class="faint">
            {props.process.pid} on {props.process.host}
            {props.process.silent ? ": as it was when it told last" : ""}
          </span>
        </th>
      </tr>
      <Index
        each={rows()}
        fallback={
          <tr>
            <td colspan="5" class="muted">
              Nothing to look at: every actor runs, none had to be started again.
            </td>
          </tr>
        }
      >
        {(row) => <ActorLine row={row()} />}
      </Index>
    </tbody>
  )
}

/** The supervision tree of every process. */
export const ActorsCard = (props: { readonly processes: ReadonlyArray<ProcessJson> }) => {
  const [onlyNotable, setOnlyNotable] = createSignal(false)
  return (
    <Card
      flush
      title="Actors"
      note="mailbox: how many messages wait, of how many it takes"
      actions={
        <Checkbox checked={onlyNotable()} onChange={setOnlyNotable}>
          Only what needs a look
        </Checkbox>
      }
    >
      <table class="table" data-component="actors">
        <caption class="sr-only">The supervision tree of every process</caption>
        <thead>
          <tr>
            <th scope="col">Actor</th>
            <th scope="col">State</th>
            <th scope="col" class="num">
              Mailbox
            </th>
            <th scope="col" class="num">
              Restarts
            </th>
            <th scope="col" class="num hide-s">
              For
            </th>
          </tr>
        </thead>
        <For
          each={props.processes}
          fallback={
            <tbody>
              <tr>
                <td colspan="5">{missing}</td>
              </tr>
            </tbody>
          }
        >
          {(process) => <ProcessRows process={process} onlyNotable={onlyNotable()} />}
        </For>
      </table>
    </Card>
  )
}
