export interface Spaced {
  readonly ask: () => void
  readonly stop: () => void
}

/** Runs it at once, and once more at the end of a pause in which it was asked for again. */
export const atMostEvery = (millis: number, run: () => void): Spaced => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isDue = false
  const ask = () => {
    isDue = timer !== undefined
    if (isDue) return
    run()
    timer = setTimeout(() => {
      timer = undefined
      if (isDue) ask()
    }, millis)
  }
  return { ask, stop: () => clearTimeout(timer) }
}
