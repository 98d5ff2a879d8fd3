/** So many requests in so many seconds, refilled evenly: a bucket of that many tokens. */
export interface Quota {
  /** As the `RateLimit` headers name it. */
  readonly name: string
  readonly tokens: number
  readonly seconds: number
}

/** A request that takes a token out of a bucket. */
export interface Ask {
  /** Whose bucket it is. */
  readonly key: string
  readonly quota: Quota
}

export interface Left {
  readonly quota: Quota
  /** Whole tokens that are left, after this request if it was let through. */
  readonly remaining: number
  /** Seconds until the bucket is full again. */
  readonly reset: number
  /** Seconds until there is a token again; 0 when there was one. */
  readonly retry: number
}

/** A bucket that somebody has taken from. Time in milliseconds. */
export interface Bucket {
  readonly tokens: number
  readonly at: number
}

/** What is in it at `now`. A clock that went back fills nothing. */
export const tokensAt = (bucket: Bucket | undefined, { tokens, seconds }: Quota, now: number): number =>
  bucket === undefined
    ? tokens
    : Math.min(tokens, bucket.tokens + (Math.max(0, now - bucket.at) * tokens) / (seconds * 1000))

export const leftOf = (quota: Quota, tokens: number, isShort: boolean): Left => {
  const perSecond = quota.tokens / quota.seconds
  return {
    quota,
    remaining: Math.floor(tokens),
    reset: Math.ceil((quota.tokens - tokens) / perSecond),
    retry: isShort ? Math.max(1, Math.ceil((1 - tokens) / perSecond)) : 0
  }
}

/** Failed logins of somebody, and when the last one was, in milliseconds. */
export interface Strikes {
  readonly count: number
  readonly at: number
}

/** Failed logins that cost nothing but themselves. */
const freeStrikes = 3
const longestWait = 60_000
/** Without another failure for this long all is forgotten. */
export const forgiveMillis = 15 * 60_000

/** How long after the last failure the next try may come: from a second on, doubled with each, to a minute. */
export const strikeDelay = (count: number): number =>
  count < freeStrikes ? 0 : Math.min(longestWait, 1000 * 2 ** (count - freeStrikes))

/** Milliseconds that a login has to wait. Where an address has not failed, what others did to the account is not its fault. */
export const loginWait = (
  address: Strikes | undefined,
  account: Strikes | undefined,
  now: number
): number => {
  if (address === undefined || address.count === 0) return 0
  const until = ({ count, at }: Strikes): number => at + strikeDelay(count)
  return Math.max(0, until(address) - now, account === undefined ? 0 : until(account) - now)
}
