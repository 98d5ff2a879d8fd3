import { For, Show } from "solid-js"
import { useApp } from "../state/App.ts"
import { Button, IconButton } from "./Button.tsx"
import { Dot } from "./Marks.tsx"
import "./Toaster.css"

/** Short words about what was just done. Read out politely, gone by themselves. */
export const Toaster = () => {
  const { toasts } = useApp()
  return (
    <div data-component="toaster" role="status" aria-live="polite">
      <For each={toasts.items()}>
        {(toast) => (
          <div data-part="toast" data-tone={toast.tone}>
            <Dot tone={toast.tone} />
            <div class="grow">
              <b>{toast.title}</b>
              <Show when={toast.detail}>
                <p class="muted">{toast.detail}</p>
              </Show>
            </div>
            <Show when={toast.action}>
              {(action) => (
                <Button
                  size="small"
                  onClick={() => {
                    action().run()
                    toasts.dismiss(toast.id)
                  }}
                >
                  {action().label}
                </Button>
              )}
            </Show>
            <IconButton icon="close" label="Dismiss" size="small" onClick={() => toasts.dismiss(toast.id)} />
          </div>
        )}
      </For>
    </div>
  )
}
