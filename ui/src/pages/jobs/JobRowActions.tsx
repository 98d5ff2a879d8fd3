import { useNavigate } from "@solidjs/router"
import { Match, Switch } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { allowedActions } from "../../../../src/domain/JobStatus.ts"
import { Button, IconButton } from "../../kit/Button.tsx"
import { jobTitle } from "../../lib/JobText.ts"
import { createJobDeeds } from "./JobDeeds.ts"

/** The one thing that is next for it, and the way to all else. */
export const JobRowActions = (props: { readonly job: JobJson }) => {
  const deeds = createJobDeeds(() => props.job)
  const navigate = useNavigate()
  const can = (action: "start" | "pause" | "resume") => allowedActions(props.job.status).includes(action)
  const named = (what: string) => `${what} ${jobTitle(props.job)}`
  return (
    <Switch
      fallback={
        <IconButton
          icon="copy"
          size="small"
          label={named("Duplicate")}
          onClick={() => navigate(`/jobs/new?from=${props.job.id}`)}
        />
      }
    >
      <Match when={can("start")}>
        <Button
          size="small"
          icon="play"
          aria-label={named("Start")}
          busy={deeds.pending() !== null}
          onClick={() => void deeds.act("start")}
        >
          {deeds.label("start", "Start")}
        </Button>
      </Match>
      <Match when={can("pause")}>
        <Button
          size="small"
          icon="pause"
          aria-label={named("Pause")}
          busy={deeds.pending() !== null}
          onClick={() => void deeds.act("pause")}
        >
          {deeds.label("pause", "Pause")}
        </Button>
      </Match>
      <Match when={can("resume")}>
        <Button
          size="small"
          icon="play"
          aria-label={named("Resume")}
          busy={deeds.pending() !== null}
          onClick={() => void deeds.act("resume")}
        >
          {deeds.label("resume", props.job.status === "failed" ? "Retry" : "Resume")}
        </Button>
      </Match>
    </Switch>
  )
}
