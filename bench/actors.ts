import { type Cause, Deferred, Effect, Fiber, Queue } from "effect"
import { handler } from "../src/runtime/Actor.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"
import type { Reply } from "../src/runtime/Reply.ts"
import { type BenchCase, type BenchResult, median, moreIsBetter, worstOf } from "./BenchResult.ts"

const capacity = 1024
const messages = 500_000
const actors = 100_000
const rounds = 7

/** The kit's actor: keeps a sum, tells it when asked. */
type ActorMessage = number | Reply<number>
const sum = {
  mailbox: { capacity },
  initial: () => Effect.succeed(0),
  handle: (sum: number, message: ActorMessage) =>
    typeof message === "number" ? Effect.succeed(sum + message) : Effect.as(message.succeed(sum), sum)
}
const actor = (name: string) => handler({ ...sum, name })

/** The same with nothing but a queue, a fiber and a Deferred: no supervision, no deadline, no watching. */
type QueueMessage = number | Deferred.Deferred<number>
const bare = Effect.map(Queue.bounded<QueueMessage, Cause.Done>(capacity), (queue) => {
  let sum = 0
  const loop = Queue.take(queue).pipe(
    Effect.flatMap((message) =>
      typeof message === "number"
        ? Effect.sync(() => {
            sum += message
          })
        : Deferred.succeed(message, sum)
    ),
    Effect.forever({ disableYield: true })
  )
  return { queue, loop }
})

const times = <E>(
  count: number,
  body: (index: number) => Effect.Effect<unknown, E>
): Effect.Effect<void, E> => {
  let index = 0
  return Effect.whileLoop({ while: () => index < count, body: () => body(index), step: () => index++ })
}

const tellOurs = Effect.gen(function* () {
  const system = yield* ActorSystem
  const ref = yield* system.root.spawn(actor("sum"))
  yield* times(messages, () => ref.tell(1))
  const sum = yield* ref.ask<number>((reply) => reply, "1 minute")
  yield* ref.stop
  return sum
})

const tellBare = Effect.gen(function* () {
  const { queue, loop } = yield* bare
  const fiber = yield* Effect.forkDetach(loop)
  yield* times(messages, () => Queue.offer(queue, 1))
  const reply = yield* Deferred.make<number>()
  yield* Queue.offer(queue, reply)
  const sum = yield* Deferred.await(reply)
  yield* Queue.end(queue)
  yield* Fiber.await(fiber)
  return sum
})

const askOurs = Effect.gen(function* () {
  const system = yield* ActorSystem
  const ref = yield* system.root.spawn(actor("sum"))
  yield* times(messages, () => ref.ask<number>((reply) => reply, "5 seconds"))
  yield* ref.stop
})

const askBare = Effect.gen(function* () {
  const { queue, loop } = yield* bare
  const fiber = yield* Effect.forkDetach(loop)
  const ask = Effect.flatMap(Deferred.make<number>(), (reply) =>
    Effect.andThen(Queue.offer(queue, reply), Deferred.await(reply))
  )
  yield* times(messages, () => ask)
  yield* Queue.end(queue)
  yield* Fiber.await(fiber)
})

const spawnOurs = Effect.gen(function* () {
  const system = yield* ActorSystem
  yield* times(actors, (index) => system.root.spawn(actor(`a${index}`)))
  // Let the last ones begin.
  yield* Effect.yieldNow
  yield* times(actors, (index) => system.root.stop(`a${actors - 1 - index}`))
})

const spawnBare = Effect.gen(function* () {
  const running: Array<{
    queue: Queue.Queue<QueueMessage, Cause.Done>
    fiber: Fiber.Fiber<never, Cause.Done>
  }> = []
  yield* times(actors, () =>
    Effect.flatMap(bare, ({ queue, loop }) =>
      Effect.map(Effect.forkDetach(loop), (fiber) => running.push({ queue, fiber }))
    )
  )
  yield* Effect.yieldNow
  yield* times(actors, () => {
    const last = running.pop()
    if (last === undefined) return Effect.void
    return Effect.andThen(Queue.end(last.queue), Fiber.await(last.fiber))
  })
})

/** Operations per second of both, in turns; the medians. One round more is thrown away as warm-up. */
const compare = Effect.fnUntraced(function* (
  name: string,
  operations: number,
  ours: Effect.Effect<unknown, unknown, ActorSystem>,
  anchor: Effect.Effect<unknown>
) {
  const rates: { readonly ours: Array<number>; readonly anchor: Array<number> } = { ours: [], anchor: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const [side, program] of [["ours", ours] as const, ["anchor", anchor] as const]) {
      const begin = performance.now()
      yield* program
      const seconds = (performance.now() - begin) / 1000
      if (round > 0) rates[side].push(operations / seconds)
    }
  }
  return moreIsBetter(name, median(rates.ours), median(rates.anchor))
})

export const run = (): Promise<BenchResult> =>
  Effect.gen(function* () {
    const cases: Array<BenchCase> = [
      yield* compare("tell", messages, tellOurs, tellBare),
      yield* compare("ask, with a deadline", messages, askOurs, askBare),
      yield* compare(`spawn and stop of ${actors}`, actors, spawnOurs, spawnBare)
    ]
    return worstOf("actors", "operations/s", cases)
  }).pipe(Effect.provide(ActorSystem.layer), Effect.runPromise)
