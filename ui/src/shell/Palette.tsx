import { useNavigate } from "@solidjs/router"
import { createMemo, createSignal, createUniqueId, For, onCleanup, onMount, Show } from "solid-js"
import { Icon } from "../kit/Icon.tsx"
import { Kbd, statusText } from "../kit/Marks.tsx"
import { jobTitle } from "../lib/JobText.ts"
import { useApp } from "../state/App.ts"
import { type Command, keysText } from "../state/Commands.ts"
import { useQuery } from "../state/Query.ts"
import "./Palette.css"

const most = 12

/** All words must be in it, in any order. */
const matches = (words: ReadonlyArray<string>, text: string): boolean =>
  words.every((word) => text.toLowerCase().includes(word))

const positionShape = /^(?:i\d{4}-)?[0-9A-F]{16}-\d{10}$/iu

/** Find a page, a replay, a change or a deed by a few letters, which may be typed as soon as it is called. */
export const Palette = (props: { readonly onClose: () => void }) => {
  const { commands, queries } = useApp()
  const navigate = useNavigate()
  const jobs = useQuery(() => queries.jobs({ limit: 50 }))
  const [text, setText] = createSignal("")
  const [at, setAt] = createSignal(0)
  const id = createUniqueId()
  let element: HTMLDialogElement | undefined
  onMount(() => element?.showModal())
  onCleanup(() => element?.close())

  const found = createMemo((): ReadonlyArray<Command> => {
    const typed = text().trim()
    const words = typed.toLowerCase().split(/\s+/u).filter(Boolean)
    const go = (href: string) => () => navigate(href)
    const direct: Array<Command> = []
    if (positionShape.test(typed)) {
      direct.push({
        id: "position",
        title: `The change at ${typed}`,
        group: "Events",
        run: go(`/events?event=${typed.toUpperCase()}`)
      })
    }
    if (/^\d+$/u.test(typed)) {
      direct.push({
        id: "seq",
        title: `Transaction ${typed}`,
        group: "Events",
        run: go(`/transactions/${typed}`)
      })
    }
    const listed = commands
      .all()
      .filter(({ listed: isListed, title }) => isListed !== false && matches(words, title))
    const replays = (jobs.isSuccess ? jobs.data.items : [])
      .filter((job) => words.length > 0 && matches(words, `${jobTitle(job)} ${job.status} ${job.id}`))
      .map((job) => ({
        id: job.id,
        title: `${jobTitle(job)} · ${statusText(job.status)}`,
        group: "Replays",
        run: go(`/jobs/${job.id}`)
      }))
    return [...direct, ...listed, ...replays].slice(0, most)
  })

  const run = (command: Command | undefined) => {
    if (command === undefined) return
    props.onClose()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const total = found().length
    if (event.key === "ArrowDown") setAt((held) => (held + 1) % Math.max(1, total))
    else if (event.key === "ArrowUp") setAt((held) => (held - 1 + total) % Math.max(1, total))
    else if (event.key === "Enter") run(found()[at()])
    else return
    event.preventDefault()
  }

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same as a click on the backdrop, as `cancel`
    <dialog
      ref={(made) => {
        element = made
      }}
      data-component="palette"
      aria-label="Search or jump"
      onCancel={(event) => {
        event.preventDefault()
        props.onClose()
      }}
      onClick={(event) => {
        if (event.target === element) props.onClose()
      }}
    >
      <div data-part="search">
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={found().length > 0 ? `${id}-${at()}` : undefined}
          aria-label="Search or jump"
          placeholder="A page, a replay, a transaction number, a position…"
          autocomplete="off"
          spellcheck={false}
          value={text()}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
        <Kbd>Esc</Kbd>
      </div>
      <div id={`${id}-list`} role="listbox" aria-label="Results">
        <For each={found()}>
          {(command, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the focus and the keys
            // biome-ignore lint/a11y/useFocusableInteractive: the input points at it by aria-activedescendant
            <div
              id={`${id}-${index()}`}
              role="option"
              aria-selected={index() === at()}
              onPointerMove={() => setAt(index())}
              onClick={() => run(command)}
            >
              <span class="grow truncate">{command.title}</span>
              <span class="faint">{command.group}</span>
              <Show when={command.keys}>{(keys) => <Kbd>{keysText(keys())}</Kbd>}</Show>
            </div>
          )}
        </For>
      </div>
      <Show when={found().length === 0}>
        <p class="muted">Nothing is called that.</p>
      </Show>
    </dialog>
  )
}
