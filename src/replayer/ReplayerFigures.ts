import { Context, Duration, Effect, Layer } from "effect"
import { ReplayFigures } from "../replay/ReplayFigures.ts"
import { Targets } from "../replay/Target.ts"
import { TargetError } from "../replay/TargetError.ts"
import { ReplayEvents } from "./ReplayEvents.ts"

/** What a replayer has applied since it began: what workers send, and single calls. */
export class ReplayerFigures extends Context.Service<
  ReplayerFigures,
  { readonly sessions: ReplayFigures; readonly calls: ReplayFigures }
>()("walstream/replayer/ReplayerFigures") {
  static readonly layer = Layer.sync(ReplayerFigures, () => ({
    sessions: new ReplayFigures(),
    calls: new ReplayFigures()
  }))
}

const isRejected = (error: unknown): boolean =>
  error instanceof TargetError && error.reason._tag === "Rejected"

/** Counts what sessions apply. */
export const countedTargets: Layer.Layer<Targets, never, Targets | ReplayerFigures> = Layer.effect(
  Targets,
  Effect.gen(function* () {
    const targets = yield* Targets
    const { sessions } = yield* ReplayerFigures
    return Targets.of({
      ...targets,
      open: (target, dryRun, options) =>
        Effect.map(targets.open(target, dryRun, options), (session) => ({
          position: session.position,
          mode: session.mode,
          apply: (batch) =>
            session.apply(batch).pipe(
              Effect.timed,
              Effect.map(([took, counters]) => {
                sessions.applied(counters, Duration.toMillis(took), dryRun)
                return counters
              }),
              Effect.tapError((error) =>
                Effect.sync(() => {
                  if (isRejected(error)) sessions.rejections += 1
                })
              )
            )
        }))
    })
  })
)

/** Counts what single calls apply. */
export const countedEvents: Layer.Layer<ReplayEvents, never, ReplayEvents | ReplayerFigures> = Layer.effect(
  ReplayEvents,
  Effect.gen(function* () {
    const events = yield* ReplayEvents
    const { calls } = yield* ReplayerFigures
    return ReplayEvents.of({
      ...events,
      apply: (target, history, event) =>
        events.apply(target, history, event).pipe(
          Effect.tap((outcome) =>
            Effect.sync(() => {
              if (outcome === "duplicate") calls.duplicates += 1
              else calls.replayed += 1
              if (outcome === "converged") calls.converged += 1
            })
          ),
          Effect.tapError((error) =>
            Effect.sync(() => {
              if (isRejected(error)) calls.failed += 1
            })
          )
        )
    })
  })
)
