import { cleanup, render, screen } from "@solidjs/testing-library"
import { createRoot, For, Suspense } from "solid-js"
import { afterEach, describe, expect, it, vi } from "vitest"
import { problemOf } from "../../../ui/src/api/ApiProblem.ts"
import { Loaded } from "../../../ui/src/kit/States.tsx"
import { AppContext } from "../../../ui/src/state/App.ts"
import { makeApp } from "../../../ui/src/state/MakeApp.ts"
import { useQuery } from "../../../ui/src/state/Query.ts"

interface Row {
  readonly id: string
  readonly text: string
}

const key = ["rows"]

const Rows = (props: { readonly ask: () => Promise<ReadonlyArray<Row>> }) => {
  const rows = useQuery(() => ({ queryKey: key, queryFn: props.ask, retry: false }))
  return (
    <Loaded query={rows}>
      {(data) => (
        <>
          <input aria-label="field" data-answered={rows.isSuccess} />
          <For each={data()}>{(row) => <p data-id={row.id}>{row.text}</p>}</For>
        </>
      )}
    </Loaded>
  )
}

const show = (ask: () => Promise<ReadonlyArray<Row>>, held?: ReadonlyArray<Row>) => {
  const app = createRoot(makeApp)
  if (held !== undefined) app.cache.setQueryData(key, held)
  render(() => (
    <AppContext.Provider value={app}>
      <Suspense fallback="waiting">
        <Rows ask={ask} />
      </Suspense>
    </AppContext.Provider>
  ))
  return app
}

afterEach(cleanup)

describe("a query", () => {
  it("shows what is held at once, and keeps rows and the focus in its page over every answer", async () => {
    const app = show(() => new Promise(() => undefined), [{ id: "a", text: "one" }])
    const field = screen.getByLabelText("field")
    const row = screen.getByText("one")
    field.focus()
    const left = vi.fn()
    field.addEventListener("blur", left)
    for (const text of ["two", "three"]) {
      app.cache.setQueryData(key, [
        { id: "b", text: "new" },
        { id: "a", text }
      ])
      await vi.waitFor(() => expect(row.textContent).toBe(text))
    }
    expect(row.isConnected).toBe(true)
    expect(left).not.toHaveBeenCalled()
    expect(document.activeElement).toBe(field)
  })

  it("leaves alone what the cache holds", async () => {
    const first = [{ id: "a", text: "one" }]
    const app = show(() => new Promise(() => undefined), first)
    app.cache.setQueryData(key, [{ id: "a", text: "two" }])
    await vi.waitFor(() => screen.getByText("two"))
    expect(first).toEqual([{ id: "a", text: "one" }])
  })

  it("shows nothing any more of what one may not see any more", async () => {
    const forbidden = problemOf(403, { type: "x/forbidden", title: "Your role does not allow this" })
    const app = show(() => Promise.reject(forbidden), [{ id: "a", text: "one" }])
    await app.cache.refetchQueries({ queryKey: key })
    await vi.waitFor(() => screen.getByRole("alert"))
    expect(screen.queryByText("one")).toBeNull()
  })

  it("tells why there is nothing, and what is old when there is", async () => {
    const app = show(() => Promise.reject(new TypeError("no way there")))
    await vi.waitFor(() => screen.getByRole("alert"))
    app.cache.setQueryData(key, [{ id: "a", text: "one" }])
    await vi.waitFor(() => screen.getByText("one"))
    await app.cache.refetchQueries({ queryKey: key })
    await vi.waitFor(() => screen.getByText(/Shown as of/u))
    screen.getByText("one")
    expect(screen.getByLabelText("field").dataset["answered"]).toBe("true")
  })
})
