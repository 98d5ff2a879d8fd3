import { Context, Effect, Layer, RcMap, type Scope } from "effect"
import type { TargetError } from "../replay/TargetError.ts"
import type { ConfiguredTargetsOptions } from "../replay/target/ConfiguredTargets.ts"
import { defaultTimeouts } from "../replay/target/TargetConnection.ts"
import { type CallError, noTarget } from "./CallError.ts"
import { type EventResult, type EventTarget, openEventTarget, type ReplayEvent } from "./EventTarget.ts"
import { expireMarks } from "./ExpireMarks.ts"

/** How long a connection for single changes is kept after the last of them. */
const idle = "1 minute"

/** Applies single changes to configured targets. */
export class ReplayEvents extends Context.Service<
  ReplayEvents,
  {
    readonly apply: (
      target: string,
      history: string,
      event: ReplayEvent
    ) => Effect.Effect<EventResult, TargetError | CallError>
    readonly targets: ReadonlyArray<string>
    /** Removes up to `most` marks that no longer count from a target, of all histories; how many there were. */
    readonly expire: (target: string, most: number) => Effect.Effect<number, TargetError | CallError>
  }
>()("walstream/replayer/ReplayEvents") {
  /** One connection per target and history, opened when it is needed. */
  static readonly layer = (options: ConfiguredTargetsOptions): Layer.Layer<ReplayEvents> =>
    Layer.effect(
      ReplayEvents,
      Effect.gen(function* () {
        const open = yield* RcMap.make({
          idleTimeToLive: idle,
          lookup: (key: string): Effect.Effect<EventTarget, TargetError | CallError, Scope.Scope> => {
            // Made by `apply` below.
            const [target, history] = JSON.parse(key) as [string, string]
            const url = options.targets[target]
            if (url === undefined) return Effect.fail(noTarget(target, Object.keys(options.targets)))
            return openEventTarget(target, {
              url,
              origin: options.source,
              source: history,
              jobId: "events",
              timeouts: { ...defaultTimeouts, ...options.timeouts }
            })
          }
        })
        /** One that was lost while it idled is opened anew. */
        const get = (key: string) =>
          RcMap.get(open, key).pipe(
            Effect.filterOrElse(
              (found) => found.isAlive(),
              () => Effect.andThen(RcMap.invalidate(open, key), RcMap.get(open, key))
            )
          )
        return ReplayEvents.of({
          targets: Object.keys(options.targets),
          expire: (target, most) => {
            const url = options.targets[target]
            if (url === undefined) return Effect.fail(noTarget(target, Object.keys(options.targets)))
            return expireMarks(target, url, most)
          },
          apply: (target, history, event) => {
            const key = JSON.stringify([target, history])
            return Effect.scoped(Effect.flatMap(get(key), (found) => found.apply(event)))
          }
        })
      })
    )
}
