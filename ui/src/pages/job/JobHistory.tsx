import { For } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { Dot, statusText, statusTone, type Tone } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Card } from "../../kit/Surface.tsx"
import { count } from "../../lib/Numbers.ts"
import { storeName } from "../../lib/StoreText.ts"

interface Entry {
  readonly at: string
  readonly tone: Tone
  readonly text: string
}

/** What its record says of its life, newest first. */
export const historyOf = (job: JobJson): ReadonlyArray<Entry> => {
  const entries: Array<Entry> = [{ at: job.created_at, tone: "idle", text: "Created" }]
  if (job.started_at !== null) {
    const from = job.replay_source === null ? "" : `, reading from ${storeName(job.replay_source)}`
    const at = job.start_seq === null ? "" : ` at seq ${count(job.start_seq)}`
    entries.push({ at: job.started_at, tone: "on", text: `Started${from}${at}` })
  }
  for (const skip of job.skips) {
    entries.push({
      at: skip.skipped_at,
      tone: "warn",
      text: `${skip.skipped_by} skipped ${skip.position}: ${skip.reason}`
    })
  }
  if (job.completed_at !== null) {
    entries.push({ at: job.completed_at, tone: statusTone(job.status), text: statusText(job.status) })
  }
  return entries.toSorted((a, b) => (a.at < b.at ? 1 : -1))
}

export const JobHistory = (props: { readonly job: JobJson }) => (
  <Card title="History">
    <ul data-component="job-history">
      <For each={historyOf(props.job)}>
        {(entry) => (
          <li>
            <span class="faint">
              <Moment at={entry.at} />
            </span>
            <Dot tone={entry.tone} />
            <span>{entry.text}</span>
          </li>
        )}
      </For>
    </ul>
  </Card>
)
