const seconds = 1000
const slow = { period: 47 * seconds, depth: 0.7 }
const fast = { period: 13 * seconds, depth: 0.5 }
/** The mean of exp(slow + fast) over time, so that the average rate is the one asked for. */
const mean = 1.197

/**
 * How busy the shop is at a moment of the clock: from a quarter of the average in quiet moments to nearly three
 * times of it in bursts. Two waves whose periods share no factor, so that it does not look like a clock.
 */
export const intensity = (now: number): number => {
  const wave = ({ period, depth }: typeof slow) => depth * Math.sin((2 * Math.PI * now) / period)
  return Math.exp(wave(slow) + wave(fast)) / mean
}

/** Milliseconds to the next customer, for `perSecond` on average and a uniform `u` in [0, 1): a Poisson process. */
export const gap = (now: number, perSecond: number, u: number): number =>
  (-Math.log(1 - u) * seconds) / (perSecond * intensity(now))
