import { assert, layer } from "@effect/vitest"
import { Effect, Logger } from "effect"
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

  it.effect("a new history on a slot that was there before says what may be missing", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
      const warnings: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        if (logLevel === "Warn") warnings.push(String(message))
      })
      const live = Effect.scoped(
        Effect.flatMap(startCapture(options), ({ state }) => awaitPhase(state, "Capturing"))
      ).pipe(Effect.provide(Logger.layer([logger])))
      yield* live
      assert.deepStrictEqual(warnings, [])
      // Another archive, empty: as after DATA_DIR was lost.
      yield* live
      assert.strictEqual(warnings.length, 1)
      assert.include(warnings[0], `slot ${options.slot} was there before this history`)
    }).pipe(Effect.scoped)
  )
})
