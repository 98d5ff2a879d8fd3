import { createSignal, For, Show } from "solid-js"
import { asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Badge } from "../../kit/Marks.tsx"
import { Moment } from "../../kit/Moment.tsx"
import { Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { browserName } from "../../lib/BrowserName.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"

/** Where one is logged in, and how to end it. */
export const SessionsCard = () => {
  const { api, cache, queries, toasts } = useApp()
  const sessions = useQuery(queries.sessions)
  const [busy, setBusy] = createSignal<string | null>(null)
  const end = async (which: string, done: string, act: () => Promise<unknown>) => {
    setBusy(which)
    try {
      await act()
      toasts.show({ tone: "ok", title: done })
    } catch (error) {
      const { title, detail } = asProblem(error)
      toasts.show({ tone: "bad", title, detail: detail ?? undefined })
    }
    void cache.invalidateQueries({ queryKey: ["sessions"] })
    setBusy(null)
  }
  return (
    <Card
      title="Where you are logged in"
      actions={
        <Button
          size="small"
          busy={busy() === "others"}
          onClick={() =>
            void end("others", "You are logged in here only", () => api.call("auth.endOtherSessions", {}))
          }
        >
          End all others
        </Button>
      }
    >
      <Loaded query={sessions}>
        {(held) => (
          <ul data-component="sessions">
            <For each={held().items}>
              {(session) => (
                <li>
                  <div class="grow">
                    <p>
                      <b title={session.user_agent}>{browserName(session.user_agent)}</b>{" "}
                      <span class="faint mono">{session.address}</span>{" "}
                      <Show when={session.is_current}>
                        <Badge>this one</Badge>
                      </Show>
                    </p>
                    <p class="faint">
                      since <Moment at={session.created_at} />, used{" "}
                      <Moment at={session.last_used_at} as="relative" />, ends{" "}
                      <Moment at={session.expires_at} as="relative" />
                    </p>
                  </div>
                  <Show when={!session.is_current}>
                    <Button
                      size="small"
                      busy={busy() === session.id}
                      aria-label={`End the session of ${browserName(session.user_agent)}, ${session.address}`}
                      onClick={() =>
                        void end(session.id, "That session is ended", () =>
                          api.call("auth.endSession", { params: { id: session.id } })
                        )
                      }
                    >
                      End
                    </Button>
                  </Show>
                </li>
              )}
            </For>
          </ul>
        )}
      </Loaded>
    </Card>
  )
}
