import { Clock, Context, Effect, Layer, type Scope, Stream } from "effect"
import type { Principal } from "../api/Principal.ts"
import { includesRole, type Role } from "../api/Role.ts"
import { Identity, type LoginEnd } from "../auth/Identity.ts"
import { anybody, LoginChanges } from "../auth/LoginChanges.ts"

/** The least time between two looks at a login that nothing was heard of. */
const lookEvery = "60 seconds"

/** The longest that a timer can be set for. */
const longestMillis = 2 ** 31 - 1

/** Whether those who stay connected may still be. */
export class LoginWatch extends Context.Service<
  LoginWatch,
  {
    /**
     * Completes when the login ends: at once when it is ended, or its user is disabled, removed or loses the role; when
     * its time is over; and at the latest a minute after the control database says so.
     */
    readonly ended: (
      principal: Principal["Service"],
      required: Role
    ) => Effect.Effect<LoginEnd, never, Scope.Scope>
  }
>()("walstream/control/live/LoginWatch") {
  static readonly layer: Layer.Layer<LoginWatch, never, Identity | LoginChanges> = Layer.effect(
    LoginWatch,
    Effect.gen(function* () {
      const identity = yield* Identity
      const changed = yield* LoginChanges

      return LoginWatch.of({
        ended: Effect.fnUntraced(function* (principal, required) {
          const { id, until } = principal
          const changes = yield* changed.subscribe
          const touched = Stream.fromSubscription(changes).pipe(
            Stream.filter((whose) => whose === id || whose === anybody),
            Stream.runHead
          )
          const expired = Effect.flatMap(Clock.currentTimeMillis, (now) =>
            Effect.as(Effect.sleep(Math.min(longestMillis, Math.max(0, until - now))), "expired" as const)
          )
          // First of all at once: it may have changed before it was listened for.
          const look: Effect.Effect<LoginEnd> = identity.look(principal).pipe(
            Effect.map((found) => {
              if (typeof found === "string") return found
              return includesRole(found.role, required) ? null : "forbidden"
            }),
            // What cannot be known is not held against anybody: the login's own time still ends it.
            Effect.orElseSucceed(() => null),
            Effect.flatMap((end) =>
              end === null
                ? Effect.andThen(Effect.timeoutOption(touched, lookEvery), look)
                : Effect.succeed(end)
            )
          )
          return yield* Effect.raceFirst(expired, look)
        })
      })
    })
  )
}
