import { createComputed, createRoot, createSignal, on } from "solid-js"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { LiveEventJson } from "../../../src/control/api/LiveFrames.ts"
import type { Frame, Live } from "../../../ui/src/live/Live.ts"
import { createEventFeed, type EventFeed, type EventFilter } from "../../../ui/src/pages/events/EventFeed.ts"

const event = (seq: number): LiveEventJson => ({
  position: String(seq).padStart(16, "0"),
  seq,
  commit_lsn: "0/1",
  ordinal: 0,
  tx_count: 1,
  xid: 1,
  commit_time: "2026-11-22T14:32:07.409118Z",
  source: "shop",
  schema: "public",
  table: "orders",
  operation: "insert",
  key: null,
  before: null,
  after: null,
  unchanged: []
})

interface Scene {
  readonly feed: EventFeed
  readonly setFilter: (filter: EventFilter) => void
  readonly asked: ReadonlyArray<{
    readonly filter: EventFilter | undefined
    readonly after: string | undefined
  }>
  readonly tell: (...seqs: ReadonlyArray<number>) => void
  readonly say: (frame: Partial<Frame>) => void
  readonly settle: () => Promise<void>
  readonly seqs: () => ReadonlyArray<number | undefined>
}

let dispose = () => {}
beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  dispose()
  // The document is that of the next file, too. What the stubs stood for are the timers' fakes: those go last.
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const makeScene = async (): Promise<Scene> => {
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => {
    queueMicrotask(run)
    return 1
  })
  const asked: Array<{ filter: EventFilter | undefined; after: string | undefined }> = []
  let receive: (frame: Frame) => void = () => {}
  const live: Live = {
    connection: () => ({ state: "open", since: 0 }),
    subscribe: (_, { filter, after }, take) => {
      asked.push({ filter, after })
      receive = take
      return () => {
        if (receive === take) receive = () => {}
      }
    },
    start: () => {},
    stop: () => {},
    retry: () => {}
  }
  const settle = async () => {
    await Promise.resolve()
    vi.advanceTimersByTime(100)
    for (let i = 0; i < 10; i += 1) await Promise.resolve()
  }
  const scene = createRoot((end) => {
    dispose = end
    const [filter, setFilter] = createSignal<EventFilter>({})
    const feed = createEventFeed({ live, filter, recent: async () => [event(2), event(1)] })
    return { feed, setFilter: (next: EventFilter) => void setFilter(next) }
  })
  const say = (frame: Partial<Frame>) => receive(frame as Frame)
  await settle()
  return {
    ...scene,
    asked,
    settle,
    say,
    tell: (...seqs) =>
      say({ type: "events", id: "x", seq: 1, batch: seqs.map(event), dropped: 0, cursor: null }),
    seqs: () => {
      const rows = scene.feed.rows()
      return Array.from({ length: rows.size }, (_, index) => rows.at(index)?.seq)
    }
  }
}

describe("the feed of events", () => {
  it("begins with what there is, goes on behind it, newest first", async () => {
    const { seqs, tell, settle, asked } = await makeScene()
    expect(seqs()).toEqual([2, 1])
    expect(asked).toEqual([{ filter: {}, after: event(2).position }])
    tell(3, 4)
    await settle()
    expect(seqs()).toEqual([4, 3, 2, 1])
  })

  it("stands still under the eye, and says how many came", async () => {
    const { feed, seqs, tell, settle } = await makeScene()
    feed.freeze("detail")
    tell(3, 4, 5)
    await settle()
    expect(seqs()).toEqual([2, 1])
    expect(feed.newer()).toBe(3)
    feed.resume()
    expect(seqs()).toEqual([5, 4, 3, 2, 1])
    expect(feed.newer()).toBe(0)
  })

  it("a pause outlasts the scrolling, scrolling does not outlast a pause", async () => {
    const { feed } = await makeScene()
    feed.freeze("scroll")
    feed.freeze("pause")
    feed.freeze("scroll")
    expect(feed.frozen()).toBe("pause")
  })

  it("the same filter from another address begins nothing anew", async () => {
    const { setFilter, settle, asked, tell, seqs } = await makeScene()
    tell(3)
    await settle()
    setFilter({})
    await settle()
    expect(asked).toHaveLength(1)
    expect(seqs()).toEqual([3, 2, 1])
  })

  it("another filter keeps the old rows until there is something of the new", async () => {
    const { setFilter, settle, asked, tell, seqs, feed } = await makeScene()
    tell(3)
    await settle()
    setFilter({ table: "carts" })
    expect(feed.waiting()).toBe(true)
    expect(seqs()).toEqual([3, 2, 1])
    await settle()
    expect(asked.at(-1)?.filter).toEqual({ table: "carts" })
    expect(feed.waiting()).toBe(false)
    expect(seqs()).toEqual([2, 1])
  })

  it("what stood still before there was anything shows what there is", async () => {
    const { setFilter, settle, seqs, feed } = await makeScene()
    feed.clear()
    feed.freeze("detail")
    expect(seqs()).toEqual([])
    setFilter({ table: "orders" })
    await settle()
    expect(seqs()).toEqual([2, 1])
    expect(feed.newer()).toBe(0)
  })

  it("is drawn anew ten times a second at most, however fast it comes", async () => {
    const { feed, tell, settle } = await makeScene()
    let drawn = 0
    createRoot(() => createComputed(on(feed.rows, () => (drawn += 1), { defer: true })))
    for (let seq = 3; seq < 53; seq += 1) {
      tell(seq)
      await Promise.resolve()
      vi.advanceTimersByTime(10)
    }
    await settle()
    expect(drawn).toBeGreaterThan(3)
    expect(drawn).toBeLessThanOrEqual(7)
    expect(feed.rows().at(0)?.seq).toBe(52)
  })

  it("keeps no more than it has room for where nobody looks, and browsers give no frame", async () => {
    const { feed, tell, settle } = await makeScene()
    vi.stubGlobal("requestAnimationFrame", () => 1)
    const thousand = Array.from({ length: 1000 }, (_, i) => i + 3)
    for (let i = 0; i < 60; i += 1) tell(...thousand)
    await settle()
    expect(feed.kept()).toBe(50_000)
  })

  it("nothing is missing silently", async () => {
    const { say, feed } = await makeScene()
    say({ type: "events", id: "x", seq: 1, batch: [], dropped: 7, cursor: null })
    say({ type: "notice", id: "x", notice: { code: "missing", from_seq: 5, until_seq: 9 } })
    expect(feed.lost()).toEqual({ dropped: 7, missing: 4 })
    say({ type: "notice", id: "x", notice: { code: "away" } })
    expect(feed.away()).toBe(true)
    say({ type: "notice", id: "x", notice: { code: "back" } })
    expect(feed.away()).toBe(false)
  })
})
