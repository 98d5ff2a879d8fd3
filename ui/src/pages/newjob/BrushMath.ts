/** A stretch of the picture, both ends from 0 to 1. */
export interface Stretch {
  readonly from: number
  readonly until: number
}

/** What is held while dragging. */
export type Grip = "from" | "until" | "move" | "new"

const within = (value: number): number => Math.max(0, Math.min(1, value))

/** Nearer than this to an edge takes the edge. */
const reach = 0.012

/** What a press at this place takes hold of. */
export const gripAt = (at: number, held: Stretch | null): Grip => {
  if (held === null) return "new"
  if (Math.abs(at - held.from) <= reach) return "from"
  if (Math.abs(at - held.until) <= reach) return "until"
  return at > held.from && at < held.until ? "move" : "new"
}

/** The stretch after a drag from `start` to `at`. Ends may change places; nothing leaves the picture. */
export const dragged = (grip: Grip, held: Stretch, start: number, at: number): Stretch => {
  const to = within(at)
  if (grip === "new") return { from: Math.min(within(start), to), until: Math.max(within(start), to) }
  if (grip === "move") {
    const length = held.until - held.from
    const from = Math.max(0, Math.min(1 - length, held.from + to - within(start)))
    return { from, until: from + length }
  }
  const other = grip === "from" ? held.until : held.from
  return { from: Math.min(other, to), until: Math.max(other, to) }
}
