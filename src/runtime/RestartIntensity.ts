/** How many restarts a supervisor grants within a period before it gives up. */
export interface RestartIntensity {
  readonly restarts: number
  readonly periodMillis: number
}

/** The granted restarts that are younger than the period, oldest first: monotonic milliseconds. */
export type RestartHistory = ReadonlyArray<number>

export const noRestarts: RestartHistory = []

/**
 * The history with a restart at `now` in it, or undefined when that would be one too many.
 * A restart counts until it is a whole period old.
 */
export const grantRestart = (
  intensity: RestartIntensity,
  history: RestartHistory,
  now: number
): RestartHistory | undefined => {
  const recent = history.filter((at) => now - at < intensity.periodMillis)
  return recent.length >= intensity.restarts ? undefined : [...recent, now]
}
