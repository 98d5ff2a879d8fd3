import { createSignal, Show } from "solid-js"
import type { Cell } from "../lib/ColumnDiff.ts"
import { saveText } from "../lib/Download.ts"
import { bytes } from "../lib/Numbers.ts"
import { Button } from "./Button.tsx"
import { Badge } from "./Marks.tsx"

/** Characters that are shown at once, and that are shown at all. */
const short = 600
const most = 256_000

const Long = (props: { readonly name: string; readonly text: string }) => {
  const [isOpen, setOpen] = createSignal(false)
  return (
    <>
      <pre>{isOpen() ? props.text : `${props.text.slice(0, short)}…`}</pre>
      <Show
        when={props.text.length <= most}
        fallback={
          <Button size="small" icon="download" onClick={() => saveText(`${props.name}.txt`, props.text)}>
            Download {bytes(props.text.length)}
          </Button>
        }
      >
        <Button size="small" variant="quiet" onClick={() => setOpen(!isOpen())}>
          {isOpen() ? "Show less" : `Show all ${bytes(props.text.length)}`}
        </Button>
      </Show>
    </>
  )
}

/** A column's value as text, whatever is in it; or why there is none. */
export const CellView = (props: { readonly name: string; readonly cell: Cell }) => {
  const text = () => (props.cell.kind === "value" ? props.cell.text : "")
  return (
    <>
      {props.cell.kind === "null" ? (
        <Badge title="SQL NULL">null</Badge>
      ) : props.cell.kind === "untouched" ? (
        <Badge title="TOASTed and not touched by this change: PostgreSQL does not write it to the WAL again">
          unchanged
        </Badge>
      ) : props.cell.kind === "unknown" ? (
        <Badge title="Not part of the table's replica identity: PostgreSQL did not write the old value">
          not in replica identity
        </Badge>
      ) : text() === "" ? (
        <Badge title="A text of no characters">empty</Badge>
      ) : (
        <Show when={text().length > short} fallback={<pre>{text()}</pre>}>
          <Long name={props.name} text={text()} />
        </Show>
      )}
    </>
  )
}
