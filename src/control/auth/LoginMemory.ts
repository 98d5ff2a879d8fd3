import { Clock, Effect } from "effect"
import { makeSharedReads } from "../SharedReads.ts"
import { anybody, LoginChanges } from "./LoginChanges.ts"
import type { UsersError } from "./UsersError.ts"

interface Held<A> {
  readonly value: A
  readonly at: number
  isFresh: boolean
}

/** Logins that are remembered at most. */
const most = 10_000

/** A change that was never heard of is seen after this long. */
const longestMillis = 60_000

/**
 * What the control database says of a login, remembered until it says that something has changed: a request costs no
 * query. While changes are not heard of each request asks. While the database is away what is known of a login holds,
 * unless it was changed: what cannot be known is not held against anybody.
 */
export const makeLoginMemory = <A extends { readonly userId: string }>(
  read: (id: string) => Effect.Effect<A | null, UsersError>
) =>
  Effect.gen(function* () {
    const changes = yield* LoginChanges
    const reads = yield* makeSharedReads<A | null, UsersError>()
    const held = new Map<string, Held<A>>()
    let generation = 0

    changes.onChange((user) => {
      generation += 1
      for (const [id, login] of held) {
        if (user === anybody) login.isFresh = false
        else if (login.value.userId === user) held.delete(id)
      }
    })

    const keep = (id: string, value: A | null, at: number): void => {
      if (value === null) {
        held.delete(id)
        return
      }
      if (held.size >= most) held.clear()
      held.set(id, { value, at, isFresh: true })
    }

    return (id: string): Effect.Effect<A | null, UsersError> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const known = held.get(id)
        if (known?.isFresh === true && now - known.at < longestMillis && changes.isListening()) {
          return Effect.succeed(known.value)
        }
        const begun = generation
        return reads.read(id, read(id)).pipe(
          // What has changed while it was read may have been read before.
          Effect.tap((value) => Effect.sync(() => begun === generation && keep(id, value, now))),
          Effect.catchIf(
            (error) => error.isRetryable && held.get(id) === known,
            (error) => (known === undefined ? Effect.fail(error) : Effect.succeed(known.value))
          )
        )
      })
  })
