import { cleanup, fireEvent, render, screen } from "@solidjs/testing-library"
import { createRoot, createSignal } from "solid-js"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import type { JobJson } from "../../../src/control/api/JobJson.ts"
import { problemOf } from "../../../ui/src/api/ApiProblem.ts"
import { CancelDialog, DeleteDialog } from "../../../ui/src/pages/jobs/EndJobDialogs.tsx"
import type { JobDeeds } from "../../../ui/src/pages/jobs/JobDeeds.ts"
import { AppContext } from "../../../ui/src/state/App.ts"
import { makeApp } from "../../../ui/src/state/MakeApp.ts"
import { exampleJob } from "../JobExample.ts"

const deedsWith = (remove: JobDeeds["remove"]): JobDeeds => ({
  pending: () => null,
  act: async () => true,
  remove,
  update: async () => undefined,
  label: (_, idle) => idle
})

const paused = { ...exampleJob, name: "Morning", status: "paused" as const }

const show = (remove: JobDeeds["remove"], onDeleted = vi.fn()) => {
  const [job, setJob] = createSignal<JobJson>(paused)
  render(() => (
    <AppContext.Provider value={createRoot(makeApp)}>
      <DeleteDialog job={job()} deeds={deedsWith(remove)} onClose={() => undefined} onDeleted={onDeleted} />
    </AppContext.Provider>
  ))
  return { setJob, onDeleted }
}
const press = () => fireEvent.click(screen.getByText("Delete"))

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined
})
afterEach(cleanup)

it("a refused deletion is said in the dialog that asked for it", async () => {
  const remove = vi.fn(async () => problemOf(409, { type: "x/invalid-transition", title: "Not now" }))
  const { onDeleted } = show(remove)
  press()
  expect(remove).not.toHaveBeenCalled()
  fireEvent.input(screen.getByLabelText("Type Morning to delete it"), { target: { value: "Morning" } })
  press()
  await vi.waitFor(() => expect(screen.getByRole("alert").textContent).toContain("Not now"))
  expect(onDeleted).not.toHaveBeenCalled()
})

it("what runs by now cannot be deleted, and says so", () => {
  const remove = vi.fn(async () => null)
  const { setJob } = show(remove)
  fireEvent.input(screen.getByLabelText("Type Morning to delete it"), { target: { value: "Morning" } })
  setJob({ ...paused, status: "running" })
  press()
  expect(remove).not.toHaveBeenCalled()
  expect(screen.getByRole("alert").textContent).toContain("pause or cancel it first")
})

it("what stays applied is what was applied, not what others had applied before", () => {
  const deeds = deedsWith(async () => null)
  render(() => <CancelDialog job={paused} deeds={deeds} onClose={() => undefined} />)
  screen.getByText(/200 changes already applied to default stay applied/u)
})
