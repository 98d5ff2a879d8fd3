import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { applyAll, makeScene, Server } from "./TargetScene.ts"

/** Types whose input quotes the value in an error of a class that otherwise names objects only. */
const types = ["tsquery", "jsonpath", "regclass"]

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("what a target rejects", (it) => {
  for (const type of types) {
    it.effect(`is told without the value: ${type}`, () =>
      Effect.gen(function* () {
        const table = (of: string) => `CREATE TABLE public.t (id int PRIMARY KEY, v ${of})`
        const scene = yield* makeScene(table("text"), { targetSchema: table(type) })
        yield* scene.source.script(
          "INSERT INTO public.t SELECT i, CASE WHEN i > 40 THEN 'secret '':(&' END FROM generate_series(1, 50) i"
        )
        const many = yield* scene.history
        yield* scene.source.script("TRUNCATE public.t; INSERT INTO public.t VALUES (51, 'secret '':(&')")
        const one = yield* scene.history
        yield* scene.source.script(
          "INSERT INTO public.t VALUES (1, NULL); UPDATE public.t SET v = 'secret '':(&' WHERE id = 1"
        )
        const updated = yield* scene.history
        for (const chunks of [many, one, updated]) {
          const session = yield* scene.open()
          yield* session.position
          const error = yield* Effect.flip(applyAll(session, chunks))
          assert.notInclude(JSON.stringify(error) + error.message, "secret")
          assert.strictEqual(error.reason._tag, "Rejected")
        }
      })
    )
  }
})
