import { type Accessor, createSignal, onCleanup } from "solid-js"

/** The time, told each second while somebody looks. */
export const makeClock = (): Accessor<Date> => {
  const [now, setNow] = createSignal(new Date())
  const tick = () => {
    if (document.visibilityState === "visible") setNow(new Date())
  }
  const timer = setInterval(tick, 1000)
  document.addEventListener("visibilitychange", tick)
  onCleanup(() => {
    clearInterval(timer)
    document.removeEventListener("visibilitychange", tick)
  })
  return now
}
