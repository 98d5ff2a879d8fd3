import { createMemo, For, Show } from "solid-js"
import { Dialog } from "../kit/Dialog.tsx"
import { Kbd } from "../kit/Marks.tsx"
import { useApp } from "../state/App.ts"
import { keysText } from "../state/Commands.ts"

/** Every key that does something here and now. */
const Shortcuts = (props: { readonly onClose: () => void }) => {
  const { commands, preferences } = useApp()
  const groups = createMemo(() => [
    ...Map.groupBy(
      commands.all().filter(({ keys }) => keys !== undefined),
      ({ group }) => group
    )
  ])
  return (
    <Dialog title="Keyboard shortcuts" onClose={props.onClose}>
      <Show when={!preferences.values.shortcuts}>
        <p class="muted">Single keys are turned off in the settings.</p>
      </Show>
      <For each={groups()}>
        {([group, listed]) => (
          <section class="stack">
            <h3>{group}</h3>
            <dl data-component="facts">
              <For each={listed}>
                {(command) => (
                  <div>
                    <dt>{command.title}</dt>
                    <dd>
                      <Kbd>{keysText(command.keys ?? "")}</Kbd>
                    </dd>
                  </div>
                )}
              </For>
            </dl>
          </section>
        )}
      </For>
    </Dialog>
  )
}

export default Shortcuts
