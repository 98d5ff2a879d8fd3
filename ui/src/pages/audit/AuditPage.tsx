import { createSignal, Show } from "solid-js"
import { asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { Pager } from "../../kit/Pager.tsx"
import { Empty, Loaded } from "../../kit/States.tsx"
import { Card, PageHead } from "../../kit/Surface.tsx"
import { saveBlob } from "../../lib/Download.ts"
import { createSearchState } from "../../lib/SearchState.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import "./Audit.css"
import { AuditFilters } from "./AuditFilters.tsx"
import { AuditList } from "./AuditList.tsx"
import { type AuditSearch, auditFilterOf, auditShape } from "./AuditSearch.ts"
import { VerifyCard } from "./VerifyCard.tsx"

const none: AuditSearch = { actor: "", action: "", target: "", outcome: "", start: "", end: "" }

/** Who did what, and who was refused. */
const AuditPage = () => {
  const { api, queries, session, toasts } = useApp()
  const search = createSearchState(auditShape)
  const filter = () => auditFilterOf(search.value())
  const isFiltered = () => Object.keys(filter()).length > 0
  const lines = useQuery(() => queries.audit(filter(), search.value().cursor))
  const [isVerifying, setVerifying] = createSignal(false)
  const [saving, setSaving] = createSignal<"csv" | "ndjson" | null>(null)

  const save = async (kind: "csv" | "ndjson") => {
    setSaving(kind)
    try {
      const route = kind === "csv" ? "audit.exportCsv" : "audit.exportNdjson"
      saveBlob(`audit.${kind}`, await api.download(route, { query: filter() }))
    } catch (error) {
      const { title, detail } = asProblem(error)
      toasts.show({ tone: "bad", title, detail: detail ?? undefined })
    } finally {
      setSaving(null)
    }
  }

  return (
    <>
      <PageHead
        title="Audit log"
        actions={
          <Show when={session.may("admin")}>
            <Button
              icon="check"
              onClick={() => setVerifying(true)}
              blocked={isVerifying() ? "It is below" : null}
            >
              Check the record
            </Button>
            <Button icon="download" busy={saving() === "csv"} onClick={() => void save("csv")}>
              CSV
            </Button>
            <Button icon="download" busy={saving() === "ndjson"} onClick={() => void save("ndjson")}>
              NDJSON
            </Button>
          </Show>
        }
      >
        Every change and every refused attempt. Lines are only ever added, each with a hash over the one
        before.
      </PageHead>
      <Show when={isVerifying()}>
        <VerifyCard />
      </Show>
      <AuditFilters value={search.value()} onChange={(change) => search.set({ ...change, cursor: "" })} />
      <Card flush label="Lines">
        <Loaded query={lines}>
          {(page) => (
            <Show
              when={page().items.length > 0}
              fallback={
                <Show
                  when={isFiltered()}
                  fallback={
                    <Empty icon="audit" title="Nothing on record yet">
                      The first login, change or refusal is the first line.
                    </Empty>
                  }
                >
                  <Empty
                    icon="filter"
                    title="No line is like that"
                    actions={
                      <Button onClick={() => search.set({ ...none, cursor: "" })}>Clear filters</Button>
                    }
                  >
                    Names and actions must be written in full, as the lines have them.
                  </Empty>
                </Show>
              }
            >
              <AuditList entries={page().items} />
              <Pager
                cursor={search.value().cursor}
                next={page().next_cursor}
                onGo={(cursor) => search.set({ cursor }, { push: true })}
              />
            </Show>
          )}
        </Loaded>
      </Card>
    </>
  )
}

export default AuditPage
