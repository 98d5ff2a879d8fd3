import { type Cause, Data, type Duration, Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import type { ActorDefinition, ActorSettings } from "../../src/runtime/Actor.ts"
import type { ActorNode } from "../../src/runtime/ActorNode.ts"

/** How test actors fail. */
export class Failed extends Data.TaggedError("Failed")<{ readonly message: string }> {}

/** What a probe is told to do. */
export type Order = "fail" | "die" | "end" | "hang" | { readonly note: string }

/** The lives of all probes of a test: "+a" when a begins one, "-a" when it ends, notes as they come. */
export type Journal = Array<string>

/** An actor that obeys, and writes its lives down. */
export const probe = (
  journal: Journal,
  name: string,
  settings: Omit<ActorSettings, "name"> = {},
  begin: Effect.Effect<void, Failed, Scope.Scope> = Effect.void
): ActorDefinition<Order, Failed | Cause.Done> => ({
  ...settings,
  name,
  run: Effect.fnUntraced(function* (context) {
    journal.push(`+${name}`)
    yield* Effect.addFinalizer(() => Effect.sync(() => journal.push(`-${name}`)))
    yield* begin
    yield* context.ready
    while (true) {
      const order = yield* context.mailbox.take
      if (order === "fail") return yield* new Failed({ message: `${name} failed` })
      if (order === "die") return yield* Effect.die(new Error(`${name} died`))
      if (order === "end") return
      if (order === "hang") return yield* Effect.never
      journal.push(order.note)
    }
  })
})

/** Lets everything that is able to run do so, until the condition holds. */
export const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let turn = 0; turn < 1000; turn++) {
      if (condition()) return
      yield* Effect.yieldNow
    }
    return yield* Effect.die(new Error("it did not come to that"))
  })

/** Lets everything that is able to run do so, then moves the clock. */
export const advance = (duration: Duration.Input): Effect.Effect<void> =>
  Effect.yieldNow.pipe(Effect.repeat({ times: 100 }), Effect.andThen(TestClock.adjust(duration)))

/** The node at a path of names below this one. */
export const nodeAt = (root: ActorNode, ...names: ReadonlyArray<string>): ActorNode => {
  let node: ActorNode | undefined = root
  for (const name of names) node = node?.children.find((child) => child.name === name)
  if (node === undefined) throw new Error(`no actor ${names.join("/")}`)
  return node
}
