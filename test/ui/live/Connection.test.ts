import { describe, expect, it } from "vitest"
import { type Connection, type ConnectionEvent, step } from "../../../ui/src/live/Connection.ts"

const moment = { now: 1_000_000, random: 0.5 }
const reached = (connection: Connection, ...events: ReadonlyArray<ConnectionEvent>): Connection =>
  events.reduce((held, event) => step(held, event, moment), connection)

const closed: Connection = { state: "closed" }
const open = reached(closed, { event: "wanted" }, { event: "opened" })
const lost: ConnectionEvent = { event: "lost", code: 1006 }

describe("the connection's states", () => {
  it("opens, and says since when", () => expect(open).toEqual({ state: "open", since: moment.now }))

  it("a loss is waited out, longer each time, up to a bound", () => {
    let held = open
    const waits = Array.from({ length: 10 }, () => {
      held = reached(held, lost)
      const wait = held.state === "backoff" ? held.at - moment.now : 0
      held = reached(held, { event: "retry" })
      return wait
    })
    expect(waits.slice(0, 4)).toEqual([375, 750, 1500, 3000])
    expect(Math.max(...waits)).toBe(11_250)
  })

  it("two pages do not come back at the same moment", () => {
    const at = (random: number) => {
      const held = step(open, lost, { ...moment, random })
      return held.state === "backoff" ? held.at : 0
    }
    expect(at(0.99)).toBeGreaterThan(at(0))
  })

  it("remembers since when nothing new is shown, over all tries", () => {
    const first = step(open, lost, moment)
    const second = step(step(first, { event: "retry" }, moment), lost, { ...moment, now: moment.now + 5_000 })
    expect(second).toMatchObject({ state: "backoff", lostAt: moment.now })
    expect(step(step(second, { event: "retry" }, moment), { event: "opened" }, moment).state).toBe("open")
  })

  it("a socket that says nothing is given up", () => {
    const stale = reached(open, { event: "silent" })
    expect(stale.state).toBe("stale")
    expect(reached(stale, { event: "retry" }).state).toBe("connecting")
  })

  it("does not try again what is of no use", () => {
    expect(reached(open, { event: "lost", code: 4401 })).toEqual({ state: "denied", reason: "expired" })
    const forbidden = reached(open, { event: "lost", code: 4403 })
    expect(forbidden).toEqual({ state: "denied", reason: "forbidden" })
    expect(reached(forbidden, lost, { event: "retry" })).toEqual(forbidden)
    expect(reached(forbidden, { event: "wanted" }).state).toBe("connecting")
  })

  it("left is left: what a socket still says changes nothing", () => {
    expect(reached(open, { event: "left" }, lost, { event: "opened" })).toEqual(closed)
  })
})
