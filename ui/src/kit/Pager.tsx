import { Show } from "solid-js"
import { Button } from "./Button.tsx"
import "./Pager.css"

interface PagerProps {
  /** Of the page that is shown; empty for the first. */
  readonly cursor: string
  readonly next: string | null
  readonly onGo: (cursor: string) => void
  /** The list is only a part of its page, which stays where it is. */
  readonly isPart?: boolean
}

/** Another page begins at its top. */
const toTop = () => document.querySelector("main")?.scrollIntoView({ block: "start" })

/** Through a list that goes on: to the older ones, and back to the newest. Nothing where all is on one page. */
export const Pager = (props: PagerProps) => {
  const go = (cursor: string) => {
    props.onGo(cursor)
    if (props.isPart !== true) toTop()
  }
  return (
    <Show when={props.cursor !== "" || props.next !== null}>
      <nav data-component="pager" aria-label="Pages">
        <Button
          size="small"
          blocked={props.cursor === "" ? "These are the newest" : null}
          onClick={() => go("")}
        >
          Newest
        </Button>
        <Button
          size="small"
          icon="right"
          blocked={props.next === null ? "There are no older ones" : null}
          onClick={() => go(props.next ?? "")}
        >
          Older
        </Button>
      </nav>
    </Show>
  )
}
