import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import { Select } from "../../kit/Form.tsx"
import { saveText } from "../../lib/Download.ts"
import type { Rows } from "./EventFeed.ts"
import { csvOf, ndjsonOf } from "./Export.ts"

const kinds = [
  { value: "", label: "Export…" },
  { value: "ndjson", label: "As NDJSON" },
  { value: "csv", label: "As CSV" }
]

/** What the page keeps, as a file: the rows in sight and below. */
export const ExportMenu = (props: { readonly rows: () => Rows }) => {
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
          if (kind === "csv") saveText("changes.csv", csvOf(all()), "text/csv")
          if (kind === "ndjson") saveText("changes.ndjson", ndjsonOf(all()), "application/x-ndjson")
        }}
      />
    </span>
  )
}
