import type { SourceJson } from "./api/SystemApi.ts"

/** Below this much time people should look; below the second they must act. */
const lookSeconds = 3600
const actSeconds = 600

/** `45 s`, `12 min`, `3.5 h`, `4 days`: what is left, rounded down. */
export const timeLeft = (seconds: number): string => {
  if (seconds < 120) return `${Math.floor(seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 360) / 10} h` : `${Math.floor(seconds / 86_400)} days`
}

export type SlotDanger = "none" | "look" | "act"

/**
 * How near the server is to removing WAL that we have not read (`max_slot_wal_keep_size`). One step less where the slot
 * moves along: then the time tells how long an outage may last, not when the slot is lost.
 */
export const slotDanger = ({
  seconds_until_lost: seconds,
  slot_advancing: advances,
  wal_status: status
}: Pick<SourceJson, "seconds_until_lost" | "slot_advancing" | "wal_status">): SlotDanger => {
  if (status === "lost" || status === "unreserved") return "act"
  if (seconds === null || seconds >= lookSeconds) return "none"
  if (advances === true) return seconds < actSeconds ? "look" : "none"
  return seconds < actSeconds ? "act" : "look"
}

/** In a sentence, for people; null where nothing is known to bound it. */
export const slotDangerText = ({
  slot,
  seconds_until_lost: seconds,
  slot_advancing: advances
}: Pick<SourceJson, "slot" | "seconds_until_lost" | "slot_advancing">): string | null => {
  if (seconds === null) return null
  if (seconds === 0) return `slot ${slot} may be lost at the server's next checkpoint`
  return advances === true
    ? `slot ${slot} moves along; at the present rate of WAL it is lost when capture is away for ${timeLeft(seconds)}`
    : `slot ${slot} is lost in ${timeLeft(seconds)} at the present rate of WAL, if it does not move`
}
