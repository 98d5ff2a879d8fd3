import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { parseLsn } from "../../src/domain/Lsn.ts"
import {
  awaitPhase,
  makeDatabase,
  SourceServer,
  slotOf,
  startCapture,
  until,
  untilTrue
} from "./TestSource.ts"

layer(SourceServer.layer, { timeout: "60 seconds", excludeTestServices: true })("Ingestor", (it) => {
  it.effect(
    "captures inserts, updates, deletes, truncates and messages, and confirms exactly their end",
    () =>
      Effect.gen(function* () {
        const { session, options } = yield* makeDatabase
        yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY, note text)")
        const { archive, state } = yield* startCapture(options)
        yield* awaitPhase(state, "Capturing")
        yield* session.script("INSERT INTO public.t VALUES (1, 'a'), (2, null)")
        yield* session.script(
          "UPDATE public.t SET note = 'b' WHERE id = 1; DELETE FROM public.t WHERE id = 2"
        )
        yield* session.script("SELECT pg_logical_emit_message(true, 'p', 'hello')")
        yield* session.script("TRUNCATE public.t RESTART IDENTITY CASCADE")
        yield* untilTrue(() => archive.transactions >= 4)
        assert.deepStrictEqual(
          archive.changes.map((change) => change.op),
          ["insert", "insert", "update", "delete", "message", "truncate"]
        )
        assert.deepStrictEqual(
          archive.chunks.map((chunk) => chunk.seq),
          [1, 2, 3, 4]
        )
        const end = archive.chunks.at(-1)?.commit.endLsn ?? 0n
        yield* until(slotOf(session, options.slot), (slot) => (parseLsn(slot.confirmed ?? "") ?? 0n) >= end)
        assert.strictEqual(archive.marks.find((mark) => mark.seq === 4)?.endLsn, end)
      }).pipe(Effect.scoped)
  )
})
