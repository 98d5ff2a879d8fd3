import { createUniqueId, type JSX, onCleanup, onMount } from "solid-js"
import { IconButton } from "./Button.tsx"
import "./Dialog.css"

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: JSX.Element
  readonly footer?: JSX.Element
  readonly size?: "small" | "normal" | "wide"
  /** It can not be left without an answer. */
  readonly stays?: boolean
}

/**
 * The browser's own modal dialog: it holds the focus, makes the rest inert, and gives the focus back. Show it by rendering
 * it.
 */
export const Dialog = (props: DialogProps) => {
  const id = createUniqueId()
  let element: HTMLDialogElement | undefined
  const opener = document.activeElement
  onMount(() => element?.showModal())
  onCleanup(() => {
    element?.close()
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
  })
  const cancel = (event: Event) => {
    event.preventDefault()
    if (props.stays !== true) props.onClose()
  }
  // Not left to the browser, which closes a dialog at the second Escape whatever `cancel` says.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") cancel(event)
  }
  return (
    <dialog
      ref={(made) => {
        element = made
      }}
      data-component="dialog"
      data-size={props.size ?? "normal"}
      aria-labelledby={id}
      onCancel={cancel}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        if (event.target === element) cancel(event)
      }}
    >
      <div data-part="frame">
        <header>
          <h2 id={id}>{props.title}</h2>
          <span class="grow" />
          {props.stays === true ? null : (
            <IconButton icon="close" label="Close" size="small" onClick={() => props.onClose()} />
          )}
        </header>
        <div data-part="body">{props.children}</div>
        {props.footer === undefined ? null : <footer>{props.footer}</footer>}
      </div>
    </dialog>
  )
}
