import { type Accessor, createMemo, createSignal, onCleanup } from "solid-js"

export interface Command {
  readonly id: string
  readonly title: string
  readonly group: string
  /** `g o` one after the other, `mod+k` together, or one key such as `?`. */
  readonly keys?: string
  readonly run: () => void
  /** In the palette; keys such as `j` and `k` are not. */
  readonly listed?: boolean
}

export interface Commands {
  readonly all: Accessor<ReadonlyArray<Command>>
  /** Until the owner goes. */
  readonly register: (commands: Accessor<ReadonlyArray<Command>>) => void
}

export const makeCommands = (): Commands => {
  const [sources, setSources] = createSignal<ReadonlyArray<Accessor<ReadonlyArray<Command>>>>([])
  // The newest first: a page's own keys go before the shell's.
  const all = createMemo(() => sources().flatMap((source) => source()))
  return {
    all,
    register: (commands) => {
      setSources((held) => [commands, ...held])
      onCleanup(() => setSources((held) => held.filter((source) => source !== commands)))
    }
  }
}

const mac = /mac|iphone|ipad/iu.test(navigator.userAgent)

/** As a person reads it: `⌘K`, `Ctrl K`, `G then O`. */
export const keysText = (keys: string): string => {
  if (keys.startsWith("mod+")) return `${mac ? "⌘" : "Ctrl "}${keys.slice(4).toUpperCase()}`
  return keys.split(" ").map(keyName).join(" then ")
}

const names: Readonly<Record<string, string>> = {
  " ": "Space",
  Escape: "Esc",
  ArrowUp: "↑",
  ArrowDown: "↓"
}
const keyName = (key: string): string =>
  key === "Space" ? key : (names[key] ?? (key.length === 1 ? key.toUpperCase() : key))

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/u.test(target.tagName))

const pressed = (event: KeyboardEvent): string => {
  const key = event.key === " " ? "Space" : event.key
  return (mac ? event.metaKey : event.ctrlKey) ? `mod+${key.toLowerCase()}` : key
}

/** Milliseconds between two keys of a sequence. */
const pause = 1_200

/** The one listener for keys. `enabled`: whether single keys do anything (WCAG 2.1.4). */
export const listenForKeys = (commands: Commands, enabled: () => boolean): (() => void) => {
  let first: { readonly key: string; readonly at: number } | null = null

  const onKey = (event: KeyboardEvent) => {
    if (event.altKey || event.defaultPrevented) return
    const key = pressed(event)
    const isChord = key.startsWith("mod+")
    if (!isChord && (!enabled() || isTyping(event.target) || document.querySelector("dialog[open]"))) return
    const now = event.timeStamp
    const sequence = first !== null && now - first.at < pause ? `${first.key} ${key}` : key
    const found =
      commands.all().find(({ keys }) => keys === sequence) ?? commands.all().find(({ keys }) => keys === key)
    first = { key, at: now }
    if (found === undefined) return
    // A button that has the focus takes Space and Enter for itself.
    if ((key === "Space" || key === "Enter") && event.target instanceof HTMLButtonElement) return
    event.preventDefault()
    first = null
    found.run()
  }

  document.addEventListener("keydown", onKey)
  return () => document.removeEventListener("keydown", onKey)
}
