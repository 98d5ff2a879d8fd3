import { type Accessor, createEffect, onCleanup } from "solid-js"

const product = "WalStream"

/** What the browser calls the page, as long as its owner stands. */
export const nameTab = (title: Accessor<string>): void => {
  createEffect(() => {
    document.title = `${title()} · ${product}`
  })
  onCleanup(() => {
    document.title = product
  })
}
