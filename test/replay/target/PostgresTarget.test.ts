import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { applyAll, cutBatches, endOf, makeScene, Server } from "./TargetScene.ts"

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("PostgresTarget", (it) => {
  it.effect("applies inserts, updates and deletes, and knows where it stands", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("CREATE TABLE public.t (id int PRIMARY KEY, note text, n numeric)")
      yield* scene.source.script(
        "INSERT INTO public.t SELECT g, 'n' || g, g / 7.0 FROM generate_series(1, 50) g"
      )
      yield* scene.source.script("UPDATE public.t SET note = 'a\\tb\\\\\n\"{}' WHERE id % 3 = 0")
      yield* scene.source.script("DELETE FROM public.t WHERE id % 5 = 0")
      const session = yield* scene.open()
      assert.isNull(yield* session.position)
      const chunks = yield* scene.history
      const counters = yield* applyAll(session, chunks)
      assert.deepStrictEqual(counters, { processed: 76, duplicate: 0, converged: 0 })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      assert.deepStrictEqual(yield* session.position, endOf(chunks))
    })
  )

  it.effect("applies updates of rows from earlier batches", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene("CREATE TABLE public.t (id int PRIMARY KEY, note text, n numeric)")
      yield* scene.source.script(
        "INSERT INTO public.t SELECT g, 'n' || g, g / 7.0 FROM generate_series(1, 50) g"
      )
      yield* scene.source.script(
        "UPDATE public.t SET note = 'x' || id WHERE id % 3 = 0; DELETE FROM public.t WHERE id > 40"
      )
      const session = yield* scene.open()
      yield* session.position
      const chunks = yield* scene.history
      let follows = { seq: 0, ordinal: 0 }
      for (const batch of cutBatches(chunks, () => 7)) {
        const counters = yield* session.apply({ chunks: batch, follows, until: endOf(batch), goesOn: false })
        assert.strictEqual(counters.converged, 0)
        follows = endOf(batch)
      }
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )
})
