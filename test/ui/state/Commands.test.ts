import { createRoot, createSignal } from "solid-js"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type Command, keysText, listenForKeys, makeCommands } from "../../../ui/src/state/Commands.ts"

const ran: Array<string> = []
const command = (id: string, keys: string): Command => ({
  id,
  title: id,
  group: "Test",
  keys,
  run: () => ran.push(id)
})
const [isOn, setOn] = createSignal(true)
let leave = () => {}

const press = (
  key: string,
  at: Partial<KeyboardEventInit> & { target?: EventTarget; after?: number } = {}
) => {
  const { target = document.body, after = 0, ...init } = at
  vi.advanceTimersByTime(after)
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init })
  Object.defineProperty(event, "timeStamp", { value: performance.now() })
  target.dispatchEvent(event)
  return event
}
const inPage = (html: string): Element => {
  document.body.innerHTML = html
  const [first] = document.body.children
  if (first === undefined) throw new Error("nothing was put into the page")
  return first
}

beforeEach(() => {
  vi.useFakeTimers()
  ran.length = 0
  setOn(true)
  document.body.innerHTML = ""
  leave = createRoot((dispose) => {
    const commands = makeCommands()
    commands.register(() => [
      command("jobs", "g j"),
      command("new", "c"),
      command("palette", "mod+k"),
      command("pause", "Space"),
      command("j", "j")
    ])
    const stop = listenForKeys(commands, isOn)
    return () => {
      stop()
      dispose()
    }
  })
})
afterEach(() => {
  leave()
  document.body.innerHTML = ""
  vi.useRealTimers()
})

describe("keys", () => {
  it("do what they are for, alone or one after the other", () => {
    press("c")
    press("g")
    press("j", { after: 500 })
    press("g")
    press("j", { after: 2_000 })
    expect(ran).toEqual(["new", "jobs", "j"])
  })

  it("of a page go before the shell's, as long as the page stands", () => {
    createRoot((dispose) => {
      const commands = makeCommands()
      commands.register(() => [command("shell", "x")])
      const gone = createRoot((end) => {
        commands.register(() => [command("page", "x")])
        return end
      })
      expect(commands.all().map(({ id }) => id)).toEqual(["page", "shell"])
      gone()
      expect(commands.all().map(({ id }) => id)).toEqual(["shell"])
      dispose()
    })
  })

  it("that are typed somewhere are text, but for those pressed with Ctrl", () => {
    const field = inPage("<input>")
    press("c", { target: field })
    press("k", { target: field, ctrlKey: true })
    expect(ran).toEqual(["palette"])
  })

  it("in a dialog are the dialog's", () => {
    inPage("<dialog open></dialog>")
    press("c")
    expect(ran).toEqual([])
  })

  it("can be turned off, those with Ctrl not", () => {
    setOn(false)
    press("c")
    press("k", { ctrlKey: true })
    expect(ran).toEqual(["palette"])
  })

  it("leave Space to a button that has the focus", () => {
    const event = press(" ", { target: inPage("<button>Go</button>") })
    expect(event.defaultPrevented).toBe(false)
    press(" ")
    expect(ran).toEqual(["pause"])
  })

  it("are written as a person reads them", () => {
    expect(keysText("g j")).toBe("G then J")
    expect(keysText("mod+k")).toBe("Ctrl K")
    expect(keysText("ArrowDown")).toBe("↓")
  })
})
