import { Cause, Context, Deferred, Effect, Exit, Layer, Stream } from "effect"
import { RestartsExceeded } from "./ActorError.ts"
import type { ActorNode } from "./ActorNode.ts"
import type { Parent } from "./Child.ts"
import { Kernel } from "./Kernel.ts"
import type { Supervisor, SupervisorOptions } from "./Supervisor.ts"
import { SupervisorProcess } from "./SupervisorProcess.ts"

/**
 * The tree that every long-lived part of a process lives in. It belongs to the scope of its layer: when that closes,
 * everything is stopped, in the reverse of the order it was started in, and nothing is left.
 */
export class ActorSystem extends Context.Service<
  ActorSystem,
  {
    readonly root: Supervisor
    /** The live tree as it is now. */
    readonly tree: Effect.Effect<ActorNode>
    /**
     * The tree now, and anew whenever an actor came, went or changed its state. A slow reader skips what lies between.
     * A mailbox that fills or empties is no change.
     */
    readonly changes: Stream.Stream<ActorNode>
    /** How often actors were started again since the beginning, by the branch below the root that they are on. */
    readonly restarts: Effect.Effect<ReadonlyMap<string, number>>
    /**
     * Never succeeds. Fails with `RestartsExceeded` when the root supervisor has given up and nothing of the tree
     * runs any more: race the main program with it, so that the process ends with the cause instead of idling.
     */
    readonly awaitFailure: Effect.Effect<never, RestartsExceeded>
  }
>()("walstream/runtime/ActorSystem") {
  static readonly make = Effect.fnUntraced(function* (options: SupervisorOptions = {}) {
    const kernel = yield* Kernel.make
    const failed = yield* Deferred.make<never, RestartsExceeded>()
    const top: Parent = {
      path: "/",
      childExited: (root, exit) => root.finish(Exit.asVoid(exit)),
      childLeft: (_, exit) => {
        if (Exit.isSuccess(exit)) return
        const error = Cause.squash(exit.cause)
        const failure = error instanceof RestartsExceeded ? Effect.fail(error) : Effect.die(error)
        kernel.soon(() => Deferred.doneUnsafe(failed, failure))
      }
    }
    const root = yield* Effect.acquireRelease(
      SupervisorProcess.make(kernel, top, { ...options, name: "" }, "/"),
      (root) => root.stop
    )
    root.start()
    const tree = Effect.sync(() => root.node)
    return ActorSystem.of({
      root: root.ref,
      tree,
      restarts: Effect.sync(() => kernel.restarts),
      changes: Stream.unwrap(
        Effect.map(kernel.watch, (latch) =>
          Stream.fromEffectRepeat(latch.await.pipe(Effect.andThen(latch.close), Effect.andThen(tree)))
        )
      ),
      awaitFailure: Deferred.await(failed)
    })
  })

  /** A system whose root supervisor has these options. */
  static readonly layerWith = (options: SupervisorOptions): Layer.Layer<ActorSystem> =>
    Layer.effect(ActorSystem, ActorSystem.make(options))

  static readonly layer: Layer.Layer<ActorSystem> = Layer.effect(ActorSystem, ActorSystem.make())
}
