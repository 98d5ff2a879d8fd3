import { A } from "@solidjs/router"
import { For, type JSX, Show } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { StatusPill, statusTone } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Bar } from "../../kit/Surface.tsx"
import "../../kit/Table.css"
import { doneOf, jobTitle, progressOf, windowText } from "../../lib/JobText.ts"
import { count, duration, missing, percent, speed } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import "./JobTable.css"

/** How far it is, in the column's width: a bar, how late a following one is, or nothing. */
const Progress = (props: { readonly job: JobJson }) => {
  const share = () => progressOf(props.job)
  return (
    <Show
      when={!props.job.follow}
      fallback={
        <span class="muted">
          {props.job.live?.lag_seconds == null ? "follows" : `${duration(props.job.live.lag_seconds)} behind`}
        </span>
      }
    >
      <Show when={share() !== null} fallback={<span class="faint">{missing}</span>}>
        <span data-part="progress">
          <Bar
            share={share()}
            tone={statusTone(props.job.status)}
            label={`Progress of ${jobTitle(props.job)}`}
          />
          <span class="faint">{percent(share())}</span>
        </span>
      </Show>
    </Show>
  )
}

interface JobTableProps {
  readonly jobs: ReadonlyArray<JobJson>
  /** With target, time of creation and what can be done. */
  readonly actions?: (job: JobJson) => JSX.Element
  /** Without the window: there is little room. */
  readonly compact?: boolean
}

export const JobTable = (props: JobTableProps) => {
  const { preferences } = useApp()
  return (
    <table class="table" data-component="job-table">
      <caption class="sr-only">Replays, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Replay</th>
          <th scope="col">State</th>
          <Show when={props.compact !== true}>
            <th scope="col" class="hide-m">
              Window
            </th>
          </Show>
          <th scope="col" class="hide-s">
            Progress
          </th>
          <th scope="col" class="num hide-s">
            Speed
          </th>
          <th scope="col" class="num hide-s">
            Changes
          </th>
          <Show when={props.actions}>
            <th scope="col" class="hide-m">
              Created
            </th>
            <th scope="col">
              <span class="sr-only">Actions</span>
            </th>
          </Show>
        </tr>
      </thead>
      <tbody>
        <For each={props.jobs}>
          {(job) => (
            <tr>
              <th scope="row" data-part="name">
                <A href={`/jobs/${job.id}`}>{jobTitle(job)}</A>
                <Show when={job.dry_run}>
                  <span class="faint"> dry run</span>
                </Show>
              </th>
              <td>
                <StatusPill status={job.status} follow={job.follow} />
              </td>
              <Show when={props.compact !== true}>
                <td class="muted hide-m">{windowText(job, preferences.values.zone)}</td>
              </Show>
              <td class="hide-s">
                <Progress job={job} />
              </td>
              <td class="num hide-s">{speed(job.speed_factor)}</td>
              <td class="num hide-s">{count(doneOf(job))}</td>
              <Show when={props.actions}>
                <td class="muted hide-m">
                  <Moment at={job.created_at} as="relative" />
                </td>
                <td class="num">{props.actions?.(job)}</td>
              </Show>
            </tr>
          )}
        </For>
      </tbody>
    </table>
  )
}
