import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { origin, type Position } from "../../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import { Dice } from "../../log/Dice.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { cutBatches, endOf, makeScene, Server } from "./TargetScene.ts"

/** A change applied twice shows in the keyless table as a row too many, one left out as a row too few. */
const schema = `CREATE TABLE public.keyless (a int, v text); ALTER TABLE public.keyless REPLICA IDENTITY FULL;
  CREATE TABLE public.t (id int PRIMARY KEY, v text)`

const eventLoopTurn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** What comes after a position. */
const behind = (chunks: ReadonlyArray<ArchivedChunk>, position: Position): ReadonlyArray<ArchivedChunk> =>
  chunks.flatMap((chunk) => {
    if (chunk.seq !== position.seq) return chunk.seq > position.seq ? [chunk] : []
    const changes = chunk.changes.slice(position.ordinal + 1 - chunk.firstOrdinal)
    return changes.length === 0 ? [] : [{ ...chunk, firstOrdinal: position.ordinal + 1, changes }]
  })

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })(
  "every change exactly once",
  (it) => {
    it.effect("whatever is interrupted or killed on the way, and whoever takes over", () =>
      Effect.gen(function* () {
        const dice = new Dice(Number(process.env["SEED"] ?? 3))
        const scene = yield* makeScene(schema)
        for (let i = 0; i < 60; i++) {
          yield* scene.source.script(
            `BEGIN; INSERT INTO public.keyless SELECT g % 5, 'n' FROM generate_series(1, ${1 + dice.below(6)}) g;
           INSERT INTO public.t VALUES (${i}, 'new'); UPDATE public.t SET v = v || ${i} WHERE id % 7 = ${i % 7};
           DELETE FROM public.keyless WHERE ctid = (SELECT min(ctid) FROM public.keyless); COMMIT`
          )
        }
        const chunks = yield* scene.history
        let epoch = 1
        let session = yield* scene.open({ epoch })
        let troubles = 0
        let position = (yield* session.position) ?? origin
        for (;;) {
          const rest = behind(chunks, position)
          const [batch] = cutBatches(rest, () => 1 + dice.below(25))
          if (batch === undefined) break
          const applying = yield* Effect.forkChild(
            session.apply({ chunks: batch, follows: position, until: endOf(batch), goesOn: false })
          )
          const trouble = dice.below(5)
          // Trouble comes at a random moment: after some turns of the event loop.
          if (trouble > 1) yield* Effect.repeat(eventLoopTurn, { times: dice.below(80) })
          if (trouble === 2) yield* Fiber.interrupt(applying)
          if (trouble === 3) {
            yield* scene.target.query(
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'walstream job job-1' AND datname = current_database()"
            )
          }
          if (trouble === 4) {
            // Another holder comes while the old one is at work.
            epoch += 1
            session = yield* scene.open({ epoch })
          }
          if (trouble > 1) position = (yield* session.position.pipe(Effect.retry({ times: 3 }))) ?? origin
          const exit = yield* Fiber.await(applying)
          if (Exit.isFailure(exit)) troubles += 1
          if (trouble <= 1) position = endOf(batch)
        }
        assert.isAbove(troubles, 0)
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      })
    )
  }
)
