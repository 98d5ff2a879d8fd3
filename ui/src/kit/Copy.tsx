import { createSignal, onCleanup } from "solid-js"
import { Button, IconButton } from "./Button.tsx"
import "./Copy.css"

/** Over plain HTTP browsers have no clipboard for scripts but the old one. */
const writeText = async (text: string) => {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text)
  const area = document.createElement("textarea")
  area.value = text
  const place = document.querySelector("dialog[open]") ?? document.body
  place.append(area)
  area.select()
  document.execCommand("copy")
  area.remove()
}

/** Writes to the clipboard, and says so for a moment. */
const createCopy = () => {
  const [copied, setCopied] = createSignal(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  onCleanup(() => clearTimeout(timer))
  const copy = async (text: string) => {
    await writeText(text)
    setCopied(true)
    clearTimeout(timer)
    timer = setTimeout(() => setCopied(false), 1_500)
  }
  return { copied, copy }
}

export const CopyIcon = (props: { readonly text: string; readonly label: string }) => {
  const { copied, copy } = createCopy()
  return (
    <IconButton
      size="small"
      icon={copied() ? "check" : "copy"}
      label={copied() ? "Copied" : props.label}
      onClick={() => void copy(props.text)}
    />
  )
}

export const CopyButton = (props: { readonly text: () => string; readonly children: string }) => {
  const { copied, copy } = createCopy()
  return (
    <Button
      variant="quiet"
      icon={copied() ? "check" : "copy"}
      title="Copy to the clipboard"
      onClick={() => void copy(props.text())}
    >
      {copied() ? "Copied" : props.children}
    </Button>
  )
}

/** SQL, a setting or a command: there to be copied. */
export const CodeLine = (props: { readonly text: string; readonly label?: string }) => (
  <div data-component="code-line">
    <code>{props.text}</code>
    <CopyIcon text={props.text} label={props.label ?? "Copy"} />
  </div>
)
