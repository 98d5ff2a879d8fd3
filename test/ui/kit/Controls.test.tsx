import { cleanup, fireEvent, render, screen } from "@solidjs/testing-library"
import { createSignal } from "solid-js"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Button } from "../../../ui/src/kit/Button.tsx"
import { Field, Input, Segmented } from "../../../ui/src/kit/Form.tsx"
import { type Speed, SpeedControl } from "../../../ui/src/kit/SpeedControl.tsx"
import { Bar } from "../../../ui/src/kit/Surface.tsx"

afterEach(cleanup)

describe("a button", () => {
  it("that cannot be pressed says why, keeps its focus, and does nothing", () => {
    const press = vi.fn()
    render(() => (
      <Button onClick={press} blocked="A replay that is completed cannot pause">
        Pause
      </Button>
    ))
    const button = screen.getByRole("button", { name: "Pause" })
    fireEvent.click(button)
    expect(press).not.toHaveBeenCalled()
    expect(button.getAttribute("aria-disabled")).toBe("true")
    expect(button.getAttribute("title")).toContain("cannot pause")
    button.focus()
    expect(document.activeElement).toBe(button)
  })

  it("that is busy does nothing, and does again when it is not", () => {
    const press = vi.fn()
    const [busy, setBusy] = createSignal(true)
    render(() => (
      <Button onClick={press} busy={busy()}>
        Go
      </Button>
    ))
    fireEvent.click(screen.getByRole("button"))
    expect(press).not.toHaveBeenCalled()
    setBusy(false)
    fireEvent.click(screen.getByRole("button"))
    expect(press).toHaveBeenCalledOnce()
  })
})

describe("a field", () => {
  it("names its control, and its fault takes the place of its hint", () => {
    const [error, setError] = createSignal<string>()
    render(() => (
      <Field label="Name" hint="for you" error={error()}>
        {({ id, describedBy }) => <Input id={id} aria-describedby={describedBy} />}
      </Field>
    ))
    expect(screen.getByLabelText("Name")).toBeInstanceOf(HTMLInputElement)
    expect(screen.getByText("for you")).toBeTruthy()
    setError("is too long")
    expect(screen.getByRole("alert").textContent).toBe("is too long")
    expect(screen.queryByText("for you")).toBeNull()
  })
})

describe("one of a few", () => {
  it("is a group of radio buttons, and tells what was chosen", () => {
    const choose = vi.fn()
    const options = [
      { value: "a", label: "All" },
      { value: "b", label: "Some" }
    ] as const
    render(() => <Segmented label="Which" options={options} value="a" onChange={choose} />)
    expect(screen.getByRole("group", { name: "Which" })).toBeTruthy()
    fireEvent.click(screen.getByRole("radio", { name: "Some" }))
    expect(choose).toHaveBeenCalledWith("b")
  })
})

describe("the speed", () => {
  const show = (value: Speed) => {
    const change = vi.fn()
    render(() => <SpeedControl value={value} onChange={change} />)
    const field = screen.getByLabelText("Speed, exactly")
    const type = (text: string) => fireEvent.change(field, { target: { value: text } })
    return { change, field, type }
  }

  it("is told on release, not while it is dragged", () => {
    const { change } = show(1)
    const slider = screen.getByRole("slider")
    fireEvent.input(slider, { target: { value: "1" } })
    expect(change).not.toHaveBeenCalled()
    fireEvent.change(slider, { target: { value: "1" } })
    expect(change).toHaveBeenCalledWith(10)
  })

  it.each([
    ["2.5", 2.5],
    ["0,5 x", 0.5],
    ["max", "max"],
    ["12×", 12]
  ])("%j typed is meant", (text, speed) => {
    const { change, type } = show(1)
    type(text)
    expect(change).toHaveBeenCalledWith(speed)
  })

  it.each(["", "0.01", "101", "fast", "-1"])("%j typed is not, and what holds is shown again", (text) => {
    const { change, field, type } = show(4)
    type(text)
    expect(change).not.toHaveBeenCalled()
    expect(field).toHaveProperty("value", "4×")
  })
})

describe("progress", () => {
  it("that nobody knows has no figure", () => {
    render(() => <Bar share={null} label="Progress" />)
    expect(screen.getByRole("progressbar").hasAttribute("aria-valuenow")).toBe(false)
  })
})
