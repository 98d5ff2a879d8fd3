import type { Micros } from "../domain/Micros.ts"

const windowMillis = 5000
const stepMillis = 250

/** Effective speed: history played per wall time, over the last five seconds of playing. */
export class SpeedMeter {
  #samples: Array<{ readonly wall: number; readonly played: Micros }> = []

  /** `played` counts history that was played, without gaps skipped. */
  sample(wall: number, played: Micros): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && wall - last.wall < stepMillis) return
    this.#samples.push({ wall, played })
    while (this.#samples.length > 2 && wall - (this.#samples[0]?.wall ?? wall) > windowMillis) {
      this.#samples.shift()
    }
  }

  /** There was nothing to play: time that passed does not count as slow. */
  reset(): void {
    this.#samples = []
  }

  /** Null until there is a second of playing to judge by. */
  get speed(): number | null {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.wall - first.wall < 1000) return null
    return (last.played - first.played) / 1000 / (last.wall - first.wall)
  }
}
