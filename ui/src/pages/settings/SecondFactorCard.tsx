import { createSignal, Show } from "solid-js"
import { Button } from "../../kit/Button.tsx"
import { Loaded } from "../../kit/States.tsx"
import { Card } from "../../kit/Surface.tsx"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { RemoveSecondFactorDialog } from "./RemoveSecondFactorDialog.tsx"
import { SecondFactorDialog } from "./SecondFactorDialog.tsx"

/** Whether logins take a code beside the password, and how to change that. */
export const SecondFactorCard = () => {
  const { cache, queries } = useApp()
  const state = useQuery(queries.secondFactor)
  const [open, setOpen] = createSignal<"set up" | "remove" | null>(null)
  const close = () => {
    setOpen(null)
    for (const name of ["second-factor", "sessions"]) void cache.invalidateQueries({ queryKey: [name] })
  }
  return (
    <Card title="Second factor">
      <Loaded query={state}>
        {(held) => (
          <div class="stack">
            <Show
              when={held().is_on}
              fallback={
                <p>
                  Off: the password alone logs you in. With it on, a login takes a code of an app as well.
                </p>
              }
            >
              <p>
                On: a login takes a code of your app beside the password. Recovery codes left:{" "}
                {held().recovery_codes_left}.
              </p>
            </Show>
            <div>
              <Button onClick={() => setOpen(held().is_on ? "remove" : "set up")}>
                {held().is_on ? "Remove it" : "Set it up"}
              </Button>
            </div>
          </div>
        )}
      </Loaded>
      <Show when={open() === "set up"}>
        <SecondFactorDialog onClose={close} />
      </Show>
      <Show when={open() === "remove"}>
        <RemoveSecondFactorDialog onClose={close} />
      </Show>
    </Card>
  )
}
