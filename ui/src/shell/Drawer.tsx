import { onCleanup, onMount } from "solid-js"
import { Rail } from "./Rail.tsx"

/** The rail, where there is no room for it. */
export const Drawer = (props: { readonly onClose: () => void }) => {
  let element: HTMLDialogElement | undefined
  onMount(() => element?.showModal())
  onCleanup(() => element?.close())
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same as a click on the backdrop, as `cancel`
    <dialog
      ref={(made) => {
        element = made
      }}
      data-component="drawer"
      aria-label="Menu"
      onCancel={(event) => {
        event.preventDefault()
        props.onClose()
      }}
      onClick={(event) => {
        if (event.target === element || (event.target instanceof Element && event.target.closest("a")))
          props.onClose()
      }}
    >
      <Rail />
    </dialog>
  )
}
