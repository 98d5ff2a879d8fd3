import { Effect } from "effect"
import { SourceError, type SourceErrorReason } from "./SourceError.ts"
import { coversGap, type GapPlace, gapOf } from "./SourceGap.ts"

/** Stands before the holes that attaching meets: lets it over the accepted one, and over no other. */
export class GapGuard {
  readonly #source: string
  readonly #place: GapPlace | null
  readonly #accepted: string | null
  #passed: SourceErrorReason | null = null

  /** `place` is null for a source without a history: it has no holes. */
  constructor(source: string, place: GapPlace | null, accepted: string | null) {
    this.#source = source
    this.#place = place
    this.#accepted = accepted
  }

  /** The hole that was gone over; null for none. */
  get passed(): SourceErrorReason | null {
    return this.#passed
  }

  /** Fails, unless this is the accepted hole or lies in it. */
  meet(reason: SourceErrorReason): Effect.Effect<void, SourceError> {
    return Effect.suspend(() => {
      const gap = this.#place === null ? undefined : gapOf(this.#place, reason)
      if (this.#place === null || gap === undefined) {
        return Effect.fail(new SourceError({ source: this.#source, reason }))
      }
      const isAccepted = this.#accepted !== null && coversGap(this.#accepted, this.#place, gap)
      if (this.#passed === null && !isAccepted) {
        return Effect.fail(new SourceError({ source: this.#source, reason, gap }))
      }
      this.#passed ??= reason
      return Effect.void
    })
  }
}
