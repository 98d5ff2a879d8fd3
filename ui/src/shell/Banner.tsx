import { Match, Switch } from "solid-js"
import { Button } from "../kit/Button.tsx"
import { Dot } from "../kit/Marks.tsx"
import { clockText } from "../lib/Time.ts"
import { useApp } from "../state/App.ts"
import "./Banner.css"

/** What keeps this page from being live, and what is done about it. A short loss is not worth a word. */
export const Banner = () => {
  const { live, now, preferences } = useApp()
  const lostAt = (): number | null => {
    const connection = live.connection()
    return "lostAt" in connection ? connection.lostAt : null
  }
  const isLost = () => {
    const at = lostAt()
    return at !== null && now().getTime() - at > 1_500
  }
  const wait = () => {
    const connection = live.connection()
    return connection.state === "backoff"
      ? Math.max(0, Math.ceil((connection.at - now().getTime()) / 1000))
      : 0
  }
  const denied = () => {
    const connection = live.connection()
    return connection.state === "denied" && connection.reason === "forbidden"
  }
  return (
    <Switch>
      <Match when={isLost()}>
        <div data-component="banner">
          <Dot tone="warn" />
          <span role="status">
            <b>Not connected.</b> Showing data from{" "}
            {clockText(new Date(lostAt() ?? 0), preferences.values.zone)}.
          </span>
          <span class="muted" aria-hidden="true">
            {wait() > 0 ? `Trying again in ${wait()} s` : "Trying…"}
          </span>
          <Button size="small" onClick={live.retry}>
            Retry now
          </Button>
        </div>
      </Match>
      <Match when={denied()}>
        <div data-component="banner" role="alert">
          <Dot tone="bad" />
          <span>
            <b>This user may not watch any more.</b> It was disabled or removed. Ask an admin.
          </span>
        </div>
      </Match>
    </Switch>
  )
}
