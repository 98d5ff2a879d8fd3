import { Effect, Fiber } from "effect"
import { Dice } from "../log/Dice.ts"

/** What can be killed, and come back. */
export interface Victim {
  readonly kill: Effect.Effect<void>
  /** Returns when it runs, ready or not. */
  readonly start: Effect.Effect<void>
}

export interface Blow {
  readonly victim: string
  /** Milliseconds since the blow before. */
  readonly after: number
  /** How long it stays away: nothing, as where something restarts it at once, or up to some seconds. */
  readonly away: number
}

/** The same for the same seed; everybody is hit once before anybody is hit again. */
export const planHavoc = (
  seed: number,
  kills: number,
  victims: ReadonlyArray<string>
): ReadonlyArray<Blow> => {
  const dice = new Dice(seed)
  const unhurt = [...victims]
  return Array.from({ length: kills }, () => ({
    victim: unhurt.length > 0 ? (unhurt.splice(dice.below(unhurt.length), 1)[0] ?? "") : dice.pick(victims),
    after: 200 + dice.below(3000),
    away: dice.oneIn(2) ? 0 : dice.below(5000)
  }))
}

/**
 * Deals the blows. The moments are the point: there is no condition to wait for. At the end everybody is back.
 * `tell` hears of each, with the seconds since the beginning.
 */
export const wreak = Effect.fnUntraced(function* (
  plan: ReadonlyArray<Blow>,
  victims: ReadonlyMap<string, Victim>,
  tell: (line: string) => void
) {
  const begun = performance.now()
  const at = () => ((performance.now() - begun) / 1000).toFixed(1)
  const recovering = new Map<string, Fiber.Fiber<void>>()
  for (const { victim, after, away } of plan) {
    const hit = victims.get(victim)
    if (hit === undefined) continue
    // Whoever is not back yet comes back first, so that there is somebody to hit.
    const before = recovering.get(victim)
    if (before !== undefined) yield* Fiber.join(before)
    yield* Effect.sleep(after)
    yield* hit.kill
    const killed = at()
    const back = Effect.andThen(Effect.sleep(away), hit.start).pipe(
      Effect.tap(() => Effect.sync(() => tell(`${victim} ${killed} to ${at()}`)))
    )
    recovering.set(victim, yield* Effect.forkScoped(back))
  }
  for (const fiber of recovering.values()) yield* Fiber.join(fiber)
})
