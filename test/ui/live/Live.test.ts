import { createRoot } from "solid-js"
import { describe, expect, it } from "vitest"
import { type Frame, makeLive } from "../../../ui/src/live/Live.ts"
import type { SocketEvents } from "../../../ui/src/live/Socket.ts"

/** A server as the page sees one, with time in the test's hand. */
const makeScene = () => {
  const sockets: Array<{ readonly on: SocketEvents; readonly sent: Array<string>; isClosed: boolean }> = []
  const waits: Array<{ readonly millis: number; readonly run: () => void; isOff: boolean }> = []
  const state = { now: 1_000_000, ticket: "a ticket" as string | null, renews: false as boolean | Error }
  const live = createRoot(() =>
    makeLive({
      ticket: async () => state.ticket,
      open: (_, on) => {
        const socket = { on, sent: [] as Array<string>, isClosed: false }
        sockets.push(socket)
        return { send: (text) => socket.sent.push(text), close: () => (socket.isClosed = true) }
      },
      renew: async () => {
        if (state.renews instanceof Error) throw state.renews
        return state.renews
      },
      now: () => state.now,
      random: () => 0,
      after: (millis, run) => {
        const wait = { millis, run, isOff: false }
        waits.push(wait)
        return () => (wait.isOff = true)
      }
    })
  )
  const settle = () =>
    new Promise<void>((done) => queueMicrotask(() => queueMicrotask(() => queueMicrotask(done))))
  const passes = async (millis: number) => {
    for (const wait of waits.filter((held) => !held.isOff && held.millis <= millis)) {
      wait.isOff = true
      wait.run()
    }
    await settle()
  }
  const opens = async () => {
    await settle()
    sockets.at(-1)?.on.opened()
  }
  const tells = (frame: unknown) => sockets.at(-1)?.on.received(JSON.stringify(frame))
  const sent = () => (sockets.at(-1)?.sent ?? []).map((text) => JSON.parse(text))
  return { live, sockets, state, settle, passes, opens, tells, sent }
}

const events = (cursor: string) => ({ type: "events", id: "events-1", seq: 1, batch: [], dropped: 0, cursor })

describe("one connection for the page", () => {
  it("asks for what was subscribed before it was open, and hands frames to whom they belong", async () => {
    const { live, opens, tells, sent } = makeScene()
    const received: Array<Frame> = []
    live.subscribe("events", { filter: { table: "orders" } }, (frame) => received.push(frame))
    live.subscribe("jobs", {}, () => expect.unreachable("not its own"))
    live.start()
    await opens()
    expect(sent()).toEqual([
      { type: "subscribe", id: "events-1", channel: "events", filter: { table: "orders" } },
      { type: "subscribe", id: "jobs-2", channel: "jobs" }
    ])
    tells(events("p1"))
    tells({ type: "a frame of tomorrow", id: "events-1" })
    expect(received.map(({ type }) => type)).toEqual(["events"])
  })

  it("resumes behind the last it saw, on a new socket", async () => {
    const { live, opens, tells, sent, sockets, passes } = makeScene()
    live.subscribe("events", {}, () => {})
    live.start()
    await opens()
    tells(events("p7"))
    sockets[0]?.on.ended(1006)
    await passes(500)
    await opens()
    expect(sockets).toHaveLength(2)
    expect(sent()).toEqual([{ type: "subscribe", id: "events-1", channel: "events", after: "p7" }])
    // What the old one still says is nobody's.
    sockets[0]?.on.received(JSON.stringify(events("p1")))
    sockets[0]?.on.ended(1006)
    expect(live.connection().state).toBe("open")
  })

  it("begins from now where the place it stood at is gone, and says so", async () => {
    const { live, opens, tells, sent } = makeScene()
    const received: Array<Frame> = []
    live.subscribe("events", { after: "p1" }, (frame) => received.push(frame))
    live.start()
    await opens()
    tells({ type: "error", id: "events-1", code: "unknown_cursor", message: "gone" })
    expect(received).toMatchObject([{ code: "unknown_cursor" }])
    expect(sent().at(-1)).toEqual({ type: "subscribe", id: "events-1", channel: "events" })
  })

  it("silence is a loss; every frame puts it off", async () => {
    const { live, opens, passes, sockets } = makeScene()
    live.start()
    await opens()
    await passes(35_000)
    expect(sockets[0]?.isClosed).toBe(true)
    await opens()
    expect(sockets).toHaveLength(2)
    expect(live.connection().state).toBe("open")
  })

  it("a login that ended is renewed at once, or is the end", async () => {
    const { live, opens, passes, sockets, state, settle } = makeScene()
    live.start()
    await opens()
    state.renews = true
    sockets[0]?.on.ended(4401)
    await settle()
    await passes(500)
    await opens()
    expect(live.connection().state).toBe("open")
    state.renews = false
    sockets[1]?.on.ended(4401)
    await settle()
    expect(live.connection()).toEqual({ state: "denied", reason: "expired" })
  })

  it("a login that nobody can renew at the moment is tried again", async () => {
    const { live, opens, sockets, state, settle } = makeScene()
    live.start()
    await opens()
    state.renews = new Error("unreachable")
    sockets[0]?.on.ended(4401)
    await settle()
    expect(live.connection().state).toBe("backoff")
  })

  it("no ticket, no socket", async () => {
    const { live, settle, sockets, state } = makeScene()
    state.ticket = null
    live.start()
    await settle()
    expect(live.connection()).toEqual({ state: "denied", reason: "expired" })
    expect(sockets).toHaveLength(0)
  })
})
