import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import { Select } from "../../kit/Form.tsx"
import { saveText } from "../../lib/Download.ts"
import { plural } from "../../lib/Numbers.ts"
import { useApp } from "../../state/App.ts"
import type { Rows } from "./EventFeed.ts"
import { csvOf, cutOf, ndjsonOf } from "./Export.ts"

const kinds = [
  { value: "", label: "Export…" },
  { value: "ndjson", label: "As NDJSON" },
  { value: "csv", label: "As CSV" }
]

/** What the page keeps, as a file: the rows in sight and below. */
export const ExportMenu = (props: { readonly rows: () => Rows }) => {
  const { toasts } = useApp()
  const all = (): ReadonlyArray<LiveEventJson> => {
    const rows = props.rows()
    return Array.from({ length: rows.size }, (_, index) => rows.at(index)).filter(
      (event) => event !== undefined
    )
  }
  return (
    <span data-part="export">
      <Select
        aria-label="Export what is kept"
        options={kinds}
        value=""
        onChange={(kind) => {
          if (kind === "") return
          const events = all()
          if (kind === "csv") saveText("changes.csv", csvOf(events), "text/csv")
          else saveText("changes.ndjson", ndjsonOf(events), "application/x-ndjson")
          const cut = cutOf(events)
          toasts.show({
            tone: "ok",
            title: `${plural(events.length, "change")} exported`,
            ...(cut === 0
              ? {}
              : {
                  detail: `${plural(cut, "change")} of them came without values, being too large: \`cut\` says where they are.`
                })
          })
        }}
      />
    </span>
  )
}
