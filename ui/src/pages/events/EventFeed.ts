import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from "solid-js"
import type { LiveEventJson } from "../../../../src/control/api/LiveFrames.ts"
import type { Frame, Live, SubscribeOptions } from "../../live/Live.ts"
import { Ring } from "../../live/Ring.ts"

export type EventFilter = NonNullable<SubscribeOptions["filter"]>

/** Why it stands still: somebody reads. Scrolling back to the top ends only what scrolling began. */
export type FreezeReason = "scroll" | "pause" | "detail"

export interface Rows {
  readonly size: number
  readonly at: (index: number) => LiveEventJson | undefined
}

export interface EventFeed {
  readonly rows: Accessor<Rows>
  readonly frozen: Accessor<FreezeReason | null>
  /** How many came since it stands still. */
  readonly newer: Accessor<number>
  /** Events a second, as they come. */
  readonly rate: Accessor<number>
  readonly kept: Accessor<number>
  /** Not shown: dropped by the server for this page was too slow, or not held by the live buffer. */
  readonly lost: Accessor<{ readonly dropped: number; readonly missing: number }>
  /** The live buffer does not answer. */
  readonly away: Accessor<boolean>
  /** The old rows are of another filter: nothing of this one has come yet. */
  readonly waiting: Accessor<boolean>
  readonly error: Accessor<unknown>
  readonly freeze: (reason: FreezeReason) => void
  readonly resume: () => void
  readonly clear: () => void
}

export const capacity = 50_000
/** Milliseconds that the rate is counted over. */
const span = 2_000
/** Milliseconds from one picture of what comes to the next: nobody reads faster, and each is a list drawn anew. */
const pace = 100

interface FeedNeeds {
  readonly live: Live
  readonly filter: Accessor<EventFilter>
  /** The newest of what there is, newest first. */
  readonly recent: (filter: EventFilter) => Promise<ReadonlyArray<LiveEventJson>>
}

/** What comes, newest first, kept in a ring; it stands still the moment that a person reads. */
export const createEventFeed = ({ live, filter, recent }: FeedNeeds): EventFeed => {
  const ring = new Ring<LiveEventJson>(capacity)
  /** Grows with every change of the ring. */
  const [version, setVersion] = createSignal(0)
  const [snapshot, setSnapshot] = createSignal<{
    readonly rows: ReadonlyArray<LiveEventJson>
    readonly added: number
  } | null>(null)
  const [frozen, setFrozen] = createSignal<FreezeReason | null>(null)
  const [rate, setRate] = createSignal(0)
  const [lost, setLost] = createSignal({ dropped: 0, missing: 0 })
  const [away, setAway] = createSignal(false)
  const [waiting, setWaiting] = createSignal(true)
  const [error, setError] = createSignal<unknown>(null)

  let frame = 0
  let wait: ReturnType<typeof setTimeout> | undefined
  let shownAt = Number.NEGATIVE_INFINITY
  let came: Array<{ readonly at: number; readonly count: number }> = []

  const show = () => {
    frame = 0
    wait = undefined
    shownAt = performance.now()
    setVersion((held) => held + 1)
  }
  const plan = () => {
    if (wait !== undefined) return
    wait = setTimeout(
      () => {
        frame = requestAnimationFrame(show)
      },
      Math.max(0, shownAt + pace - performance.now())
    )
  }
  // Kept at once, whenever it is shown: where nobody looks, browsers give no frame.
  const take = (batch: ReadonlyArray<LiveEventJson>) => {
    ring.push(batch)
    came.push({ at: performance.now(), count: batch.length })
    plan()
  }
  const receive = (told: Frame) => {
    if (told.type === "events") {
      if (told.dropped > 0) setLost((held) => ({ ...held, dropped: held.dropped + told.dropped }))
      if (told.batch.length > 0) take(told.batch)
    } else if (told.type === "notice") {
      const { notice } = told
      setAway(notice.code === "away")
      if (notice.code === "missing") {
        setLost((held) => ({ ...held, missing: held.missing + notice.until_seq - notice.from_seq }))
      }
    }
  }

  const resume = () => {
    setSnapshot(null)
    setFrozen(null)
  }

  // By what it says: the same filter from another address is no reason to begin anew.
  const wantedText = createMemo(() => JSON.stringify(filter()))
  createEffect(
    on(wantedText, () => {
      const wanted = filter()
      let leave = () => {}
      let isGone = false
      setWaiting(true)
      setError(null)
      came = []
      setRate(0)
      setLost({ dropped: 0, missing: 0 })
      if (frozen() === "scroll") resume()
      const begin = (held: ReadonlyArray<LiveEventJson>) => {
        if (isGone) return
        ring.clear()
        ring.push(held.toReversed())
        setWaiting(false)
        // What stands still since before there was anything shows what there was at first.
        if (snapshot() !== null) setSnapshot({ rows: ring.snapshot(), added: ring.added })
        setVersion((before) => before + 1)
        const [newest] = held
        leave = live.subscribe(
          "events",
          { filter: wanted, ...(newest === undefined ? {} : { after: newest.position }) },
          receive
        )
      }
      recent(wanted).then(begin, (failure: unknown) => {
        setError(failure)
        begin([])
      })
      onCleanup(() => {
        isGone = true
        leave()
      })
    })
  )

  const timer = setInterval(() => {
    const now = performance.now()
    came = came.filter(({ at }) => now - at <= span)
    setRate((came.reduce((sum, { count }) => sum + count, 0) * 1000) / span)
  }, 500)
  onCleanup(() => {
    clearInterval(timer)
    clearTimeout(wait)
    cancelAnimationFrame(frame)
  })

  const rows = createMemo((): Rows => {
    const held = snapshot()
    if (held !== null) return { size: held.rows.length, at: (index) => held.rows[index] }
    version()
    // A new object each time: the ring itself is always the same.
    return { size: ring.size, at: (index) => ring.at(index) }
  })

  return {
    rows,
    frozen,
    newer: () => {
      version()
      const held = snapshot()
      return held === null ? 0 : ring.added - held.added
    },
    rate,
    kept: () => {
      version()
      return ring.size
    },
    lost,
    away,
    waiting,
    error,
    freeze: (reason) => {
      if (snapshot() === null) setSnapshot({ rows: ring.snapshot(), added: ring.added })
      if (frozen() === null || reason === "pause") setFrozen(reason)
    },
    resume,
    clear: () => {
      ring.clear()
      setLost({ dropped: 0, missing: 0 })
      resume()
      setVersion((held) => held + 1)
    }
  }
}
