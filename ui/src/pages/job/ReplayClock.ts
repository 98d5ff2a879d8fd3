import { type Accessor, createEffect, createSignal, on, onCleanup } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"

/** Milliseconds that the clock may run ahead of what was told: the feed tells each second. */
const ahead = 1_500

/**
 * The source's time that a replay has reached. Told each second; in between it runs at the speed that was measured, never
 * backwards. Null before the first change.
 */
export const createReplayClock = (job: Accessor<JobJson>): Accessor<Date | null> => {
  const [shown, setShown] = createSignal<number | null>(null)
  let told = { clock: 0, at: 0 }
  let frame = 0

  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches
  const speed = () => (job().status === "running" && !isStill ? (job().live?.effective_speed ?? 0) : 0)

  const draw = () => {
    cancelAnimationFrame(frame)
    const past = Math.min(ahead, performance.now() - told.at)
    setShown((held) => Math.max(held ?? 0, told.clock + past * speed()))
    if (speed() > 0 && past < ahead) frame = requestAnimationFrame(draw)
  }

  createEffect(
    on(
      () => job().live?.replay_clock ?? job().replay_clock,
      (text) => {
        cancelAnimationFrame(frame)
        if (text === null) return void setShown(null)
        const clock = Date.parse(text)
        // Another run may begin further back than what was shown: a retry goes on from the checkpoint.
        if (clock < told.clock) setShown(null)
        told = { clock, at: performance.now() }
        draw()
      }
    )
  )
  onCleanup(() => cancelAnimationFrame(frame))
  return () => {
    const at = shown()
    return at === null ? null : new Date(at)
  }
}
