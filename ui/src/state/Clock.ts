import { type Accessor, createSignal, onCleanup } from "solid-js"

export interface Clock {
  /** The server's time, told each second while somebody looks. */
  readonly now: Accessor<Date>
  /** The same at this very moment, in milliseconds. */
  readonly millis: () => number
  /** What the server's clock showed when it wrote what has just come. */
  readonly heard: (serverTime: string) => void
}

/** Milliseconds that the two may differ by: what is written takes a while to come. */
const near = 2_000

/** Times of the server are told from its own clock: the browser's may be minutes beside it. */
export const makeClock = (): Clock => {
  let ahead = 0
  const millis = () => Date.now() + ahead
  const [now, setNow] = createSignal(new Date())
  const tick = () => {
    if (document.visibilityState === "visible") setNow(new Date(millis()))
  }
  const timer = setInterval(tick, 1000)
  document.addEventListener("visibilitychange", tick)
  onCleanup(() => {
    clearInterval(timer)
    document.removeEventListener("visibilitychange", tick)
  })
  return {
    now,
    millis,
    heard: (serverTime) => {
      const differs = Date.parse(serverTime) - Date.now()
      if (Number.isNaN(differs) || Math.abs(differs - ahead) <= near) return
      ahead = Math.abs(differs) <= near ? 0 : differs
      tick()
    }
  }
}
