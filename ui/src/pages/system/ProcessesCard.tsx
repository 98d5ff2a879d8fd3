import { For, Show } from "solid-js"
import "../../kit/Table.css"
import type { ProcessJson } from "../../../../src/control/api/ProcessJson.ts"
import { Pill } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Card } from "../../kit/Surface.tsx"
import { count, duration, plural } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import { treeFigures } from "./ActorRows.ts"

const State = (props: { readonly process: ProcessJson }) => (
  <Show
    when={props.process.silent}
    fallback={
      <Show
        when={treeFigures([props.process]).notRunning === 0}
        fallback={
          <Pill tone="warn">{`${plural(treeFigures([props.process]).notRunning, "actor")} not running`}</Pill>
        }
      >
        <Pill tone="ok">Runs</Pill>
      </Show>
    }
  >
    <Pill tone="bad" title="Gone, frozen, or cut off from the control database">
      Not heard of
    </Pill>
  </Show>
)

/** What runs where, in which version, since when. */
export const ProcessesCard = (props: { readonly processes: ReadonlyArray<ProcessJson> }) => {
  const { now } = useApp()
  const versions = () => new Set(props.processes.map(({ version }) => version))
  return (
    <Card
      flush
      title="Processes"
      note={
        versions().size === 1 ? (
          `version ${[...versions()][0]}`
        ) : (
          <Pill tone="warn">{`${versions().size} versions`}</Pill>
        )
      }
    >
      <table class="table">
        <caption class="sr-only">Processes with their versions</caption>
        <thead>
          <tr>
            <th scope="col">Role</th>
            <th scope="col">State</th>
            <th scope="col" class="hide-s">
              Host
            </th>
            <th scope="col" class="num hide-s">
              Pid
            </th>
            <th scope="col">Version</th>
            <th scope="col" class="num hide-s">
              Actors
            </th>
            <th scope="col" class="num">
              Up
            </th>
            <th scope="col" class="hide-s">
              Told last
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={props.processes}>
            {(process) => (
              <tr>
                <th scope="row" title={process.id}>
                  {process.role}
                </th>
                <td>
                  <State process={process} />
                </td>
                <td class="hide-s mono">{process.host}</td>
                <td class="num hide-s">{process.pid}</td>
                <td class="mono">{process.version}</td>
                <td class="num hide-s">{count(treeFigures([process]).actors)}</td>
                <td class="num">
                  <span title={process.started_at}>
                    {duration(Math.max(1, (now().getTime() - Date.parse(process.started_at)) / 1000))}
                  </span>
                </td>
                <td class="hide-s">
                  <Moment at={process.told_at} as="relative" />
                </td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </Card>
  )
}
