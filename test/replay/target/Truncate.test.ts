import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { applyAll, makeScene, Server } from "./TargetScene.ts"

const schema = `CREATE TABLE public.p (id int PRIMARY KEY);
CREATE TABLE public.c (id int PRIMARY KEY, p int REFERENCES public.p DEFERRABLE INITIALLY IMMEDIATE);
CREATE TABLE public.n (id int PRIMARY KEY, pos int NOT NULL UNIQUE DEFERRABLE INITIALLY IMMEDIATE);
CREATE TABLE public.other (id int);`

/** Transactions that the source commits: what follows writes in the same one truncates a table. */
const histories = {
  "a reference, then its own table": [
    "BEGIN; INSERT INTO public.p VALUES (1); INSERT INTO public.c VALUES (1, 1), (2, 1); TRUNCATE public.c; INSERT INTO public.c VALUES (3, 1); COMMIT"
  ],
  "a key that two rows had for a moment": [
    "INSERT INTO public.n VALUES (1, 1), (2, 2)",
    "BEGIN; UPDATE public.n SET pos = 3 - pos; TRUNCATE public.n; INSERT INTO public.n VALUES (9, 1); COMMIT"
  ],
  "transactions that come as one batch": [
    "INSERT INTO public.p VALUES (1), (2)",
    "INSERT INTO public.c VALUES (1, 1)",
    "TRUNCATE public.c",
    "INSERT INTO public.c VALUES (2, 2)",
    "TRUNCATE public.p, public.c"
  ],
  "a reference that is broken meanwhile": [
    "BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO public.c VALUES (1, 7); INSERT INTO public.other VALUES (1); TRUNCATE public.other; INSERT INTO public.p VALUES (7); COMMIT"
  ]
}

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })(
  "TRUNCATE without replica rights",
  (it) => {
    for (const [name, history] of Object.entries(histories)) {
      for (const onMismatch of ["converge", "fail"] as const) {
        it.effect(`${name}, on_mismatch ${onMismatch}`, () =>
          Effect.gen(function* () {
            const scene = yield* makeScene(schema, { asOwner: true })
            for (const sql of history) yield* scene.source.script(sql)
            const session = yield* scene.open({ onMismatch })
            yield* session.position
            const counters = yield* applyAll(session, yield* scene.history)
            assert.strictEqual(counters.converged, 0)
            assert.strictEqual(session.mode()?.mode, "origin")
            yield* assertSameDatabases(scene.sourceUrl, scene.adminUrl)
          })
        )
      }
    }
  }
)
