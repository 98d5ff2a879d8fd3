import { cleanup, fireEvent, render, screen } from "@solidjs/testing-library"
import { afterEach, expect, it, vi } from "vitest"
import { changeHref, pageBegin } from "../../../ui/src/pages/transaction/Pages.ts"
import { TransactionPager } from "../../../ui/src/pages/transaction/TransactionPager.tsx"

afterEach(cleanup)

const show = (from: number, count: number) => {
  const go = vi.fn()
  render(() => <TransactionPager from={from} count={count} busy={false} onGo={go} />)
  return go
}

it("a change is come to among its neighbours, wherever it is", () => {
  expect(changeHref({ seq: 7, ordinal: 50_123 })).toBe("/transactions/7?change=50123")
  expect([0, 199, 200, 50_123].map(pageBegin)).toEqual([0, 0, 200, 50_000])
})

it("one goes to the page before, after, to the last, and to any number", () => {
  const go = show(200, 100_000)
  for (const name of ["The changes before", "The changes after", "Last"]) {
    fireEvent.click(screen.getByRole("button", { name }))
  }
  const field = screen.getByRole("textbox")
  for (const value of ["50,124", "999999999", "none", "0"]) fireEvent.change(field, { target: { value } })
  expect(go.mock.calls.flat()).toEqual([0, 400, 99_800, 50_123, 99_999])
  expect(field).toHaveProperty("value", "201")
})

it("goes nowhere from the ends", () => {
  const go = show(0, 150)
  for (const button of screen.getAllByRole("button")) fireEvent.click(button)
  expect(go).not.toHaveBeenCalled()
})
