import { type Lsn, parseLsn } from "../domain/Lsn.ts"

/** Where each timeline that a server comes from was left, by the timeline's number. */
export type TimelineHistory = ReadonlyMap<number, Lsn>

const line = /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/iu

/**
 * Reads the file that TIMELINE_HISTORY gives: a line for each timeline before, with its number, where it was left, and
 * why. (PostgreSQL, src/backend/access/transam/timeline.c.)
 */
export const parseTimelineHistory = (text: string): TimelineHistory => {
  const left = new Map<number, Lsn>()
  for (const row of text.split("\n")) {
    const [, timeline, place = ""] = line.exec(row) ?? []
    const lsn = parseLsn(place)
    if (timeline !== undefined && lsn !== undefined) left.set(Number(timeline), lsn)
  }
  return left
}
