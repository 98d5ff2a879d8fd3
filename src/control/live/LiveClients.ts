import { Context, Effect, Layer, type Scope } from "effect"
import { TooManySockets } from "../api/Problems.ts"
import { RequestFigures } from "../http/RequestFigures.ts"

/** Streams that one user may have open at this process. */
const most = 10

/** Who has how many streams open. */
export class LiveClients extends Context.Service<
  LiveClients,
  { readonly enter: (user: string) => Effect.Effect<void, TooManySockets, Scope.Scope> }
>()("walstream/control/live/LiveClients") {
  static readonly layer: Layer.Layer<LiveClients> = Layer.effect(
    LiveClients,
    Effect.map(RequestFigures, (figures) => {
      const open = new Map<string, number>()
      const leave = (user: string) =>
        Effect.sync(() => {
          figures.streams -= 1
          const left = (open.get(user) ?? 1) - 1
          if (left === 0) open.delete(user)
          else open.set(user, left)
        })
      return {
        enter: (user) =>
          Effect.acquireRelease(
            Effect.suspend(() => {
              const now = open.get(user) ?? 0
              if (now >= most) {
                return Effect.fail(
                  new TooManySockets({ detail: `${most} streams of yours are open already`, retry_after: 10 })
                )
              }
              open.set(user, now + 1)
              figures.streams += 1
              return Effect.void
            }),
            () => leave(user)
          )
      }
    })
  )
}
