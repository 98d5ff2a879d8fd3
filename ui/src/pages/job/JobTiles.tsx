import { Show } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { statusTone } from "../../kit/Marks.tsx"
import { Bar, Tile } from "../../kit/Surface.tsx"
import { doneOf, jobTitle, progressOf } from "../../lib/JobText.ts"
import { count, duration, missing, percent, speed } from "../../lib/Numbers.ts"

const millis = (value: number | undefined): string => (value === undefined ? missing : duration(value / 1000))

/** How much, how punctual, and what was not applied because it need not be. */
export const JobTiles = (props: { readonly job: JobJson }) => {
  const share = () => (props.job.status === "pending" ? 0 : progressOf(props.job))
  const pacing = () => props.job.live?.pacing_error_ms
  return (
    <div class="cols-3">
      <Tile
        title="Done"
        value={count(doneOf(props.job))}
        unit={
          props.job.events_total === null
            ? props.job.follow
              ? "and on"
              : "of what passes the filter"
            : `of ${count(props.job.events_total)}`
        }
      >
        <Show when={!props.job.follow} fallback={<p class="muted">It follows the history and has no end.</p>}>
          <div class="row">
            <span class="grow">
              <Bar
                share={share()}
                tone={statusTone(props.job.status)}
                label={`Progress of ${jobTitle(props.job)}`}
              />
            </span>
            <span class="muted">{percent(share())}</span>
          </div>
        </Show>
        <p class="muted">
          {count(props.job.events_processed)} {props.job.dry_run ? "would be applied" : "applied"}
        </p>
      </Tile>
      <Tile
        title="On time"
        value={millis(pacing()?.p50)}
        unit={pacing() ? `median, ${millis(pacing()?.p99)} p99 off` : ""}
      >
        <p class="muted">
          asked {speed(props.job.speed_factor)}, running {speed(props.job.live?.effective_speed)}
        </p>
      </Tile>
      <Tile title="Applied before, not again" value={count(props.job.events_duplicate)}>
        <p class="muted">
          {count(props.job.events_converged)} rows corrected, {count(props.job.events_skipped)} passed over by
          hand
        </p>
      </Tile>
    </div>
  )
}
