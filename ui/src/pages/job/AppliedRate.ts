import { type Accessor, createEffect, createSignal } from "solid-js"

/** Milliseconds that are looked back over. */
const span = 10_000

interface Seen {
  readonly at: number
  readonly value: number
}

/** How fast a figure grows, per second, over the last ten; null while there is nothing to judge by. */
export const rateOf = (seen: ReadonlyArray<Seen>, now: number): number | null => {
  const held = seen.filter(({ at }) => now - at <= span)
  const [first] = held
  const last = held.at(-1)
  if (first === undefined || last === undefined || last.at - first.at < 900) return null
  return ((last.value - first.value) * 1000) / (last.at - first.at)
}

/** `at`: when the figure was told, in milliseconds. */
export const createRate = (value: Accessor<number>, now: Accessor<Date>): Accessor<number | null> => {
  const [seen, setSeen] = createSignal<ReadonlyArray<Seen>>([])
  createEffect(() => {
    const next = { at: now().getTime(), value: value() }
    setSeen((held) => {
      // A figure that falls is of another run.
      const kept = next.value < (held.at(-1)?.value ?? 0) ? [] : held
      return [...kept.filter(({ at }) => next.at - at <= span), next]
    })
  })
  return () => rateOf(seen(), now().getTime())
}
