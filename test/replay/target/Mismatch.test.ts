import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { MismatchMode } from "../../../src/domain/Job.ts"
import type { TargetError } from "../../../src/replay/TargetError.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { applyAll, endOf, makeScene, Server } from "./TargetScene.ts"

const schema = `CREATE TABLE public.t (id int PRIMARY KEY, v text, big text);
  ALTER TABLE public.t ALTER big SET STORAGE EXTERNAL`

const reasonOf = <A, R>(effect: Effect.Effect<A, TargetError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

/** A target that holds the first history, then was meddled with; then what `change` does at the source comes. */
const meddle = Effect.fnUntraced(function* (options: {
  readonly schema?: string
  readonly targetSchema?: string
  readonly first: string
  readonly meddling: string
  readonly change: string
  readonly onMismatch?: MismatchMode
}) {
  const scene = yield* makeScene(
    options.schema ?? schema,
    options.targetSchema === undefined ? {} : { targetSchema: options.targetSchema }
  )
  yield* scene.source.script(options.first)
  const session = yield* scene.open({ onMismatch: options.onMismatch ?? "converge" })
  yield* session.position
  const before = yield* scene.history
  yield* applyAll(session, before)
  yield* scene.target.script(options.meddling)
  yield* scene.source.script(options.change)
  const after = yield* scene.history
  return { scene, session, apply: applyAll(session, after, endOf(before)) }
})

const three = "INSERT INTO public.t VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', 'x')"

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })(
  "a target that is not as history says",
  (it) => {
    it.effect("converges: makes missing rows, overwrites present ones, counts them", () =>
      Effect.gen(function* () {
        const { scene, apply } = yield* meddle({
          first: three,
          meddling:
            "DELETE FROM public.t WHERE id IN (1, 3); INSERT INTO public.t VALUES (4, 'other', 'other'), (6, 'gone', '')",
          change: `UPDATE public.t SET v = 'A' WHERE id <= 2; DELETE FROM public.t WHERE id = 3;
          INSERT INTO public.t VALUES (4, 'd', 'x'), (5, 'e', 'x'), (6, 'f', 'x'); DELETE FROM public.t WHERE id = 6`
        })
        assert.deepStrictEqual(yield* apply, { processed: 7, duplicate: 0, converged: 4 })
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      })
    )

    it.effect("converges row by row too", () =>
      Effect.gen(function* () {
        const { scene, apply } = yield* meddle({
          first: three,
          // A trigger that fires makes order visible.
          meddling: `DELETE FROM public.t WHERE id IN (1, 3); INSERT INTO public.t VALUES (4, 'other', 'other'), (6, 'gone', '');
          CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
          CREATE TRIGGER nothing BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.nothing();
          ALTER TABLE public.t ENABLE ALWAYS TRIGGER nothing`,
          change: `UPDATE public.t SET v = 'A' WHERE id <= 2; DELETE FROM public.t WHERE id = 3;
          INSERT INTO public.t VALUES (4, 'd', 'x'), (5, 'e', 'x'), (6, 'f', 'x'); DELETE FROM public.t WHERE id = 6`
        })
        assert.deepStrictEqual(yield* apply, { processed: 7, duplicate: 0, converged: 4 })
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      })
    )

    it.effect("cannot make a row of which it does not know all columns, and names them", () =>
      Effect.gen(function* () {
        const { apply } = yield* meddle({
          first: "INSERT INTO public.t VALUES (1, 'a', repeat('x', 10000)), (2, 'b', 'x')",
          meddling: "DELETE FROM public.t WHERE id = 1",
          change: "UPDATE public.t SET v = 'B' WHERE id = 2; UPDATE public.t SET v = 'A' WHERE id = 1"
        })
        assert.deepStrictEqual(yield* reasonOf(apply), {
          _tag: "Rejected",
          seq: 2,
          ordinal: 1,
          table: "public.t",
          sqlState: "02000",
          detail: 'the row is not there, and the change does not hold its unchanged "big"'
        })
      })
    )

    const failures: ReadonlyArray<
      readonly [what: string, meddling: string, change: string, sqlState: string]
    > = [
      [
        "a missing row to update",
        "DELETE FROM public.t WHERE id = 1",
        "UPDATE public.t SET v = 'A'",
        "02000"
      ],
      ["a missing row to delete", "DELETE FROM public.t WHERE id = 1", "DELETE FROM public.t", "02000"],
      [
        "a row that is there",
        "INSERT INTO public.t VALUES (9)",
        "INSERT INTO public.t VALUES (9, 'i')",
        "23505"
      ]
    ]
    for (const [what, meddling, change, sqlState] of failures) {
      it.effect(`fails where asked to: ${what}`, () =>
        Effect.gen(function* () {
          const { session, apply } = yield* meddle({ first: three, meddling, change, onMismatch: "fail" })
          const reason = yield* reasonOf(apply)
          assert.deepStrictEqual(
            reason._tag === "Rejected" ? [reason.seq, reason.ordinal, reason.sqlState] : reason,
            [2, 0, sqlState]
          )
          assert.deepStrictEqual(yield* session.position, { seq: 1, ordinal: 2 })
        })
      )
    }

    it.effect("keeps what only the target has, until the row is deleted", () =>
      Effect.gen(function* () {
        const { scene, apply } = yield* meddle({
          targetSchema: `${schema}; ALTER TABLE public.t ADD own text DEFAULT 'new'`,
          first: three,
          meddling: "UPDATE public.t SET own = 'kept'",
          change: `BEGIN; UPDATE public.t SET v = 'A' WHERE id = 1; UPDATE public.t SET id = 20 WHERE id = 2;
          DELETE FROM public.t WHERE id = 3; INSERT INTO public.t VALUES (3, 'c2', 'y'); COMMIT`
        })
        assert.deepStrictEqual(yield* apply, { processed: 4, duplicate: 0, converged: 0 })
        const rows = yield* scene.target.query("SELECT id::text, v, own FROM public.t ORDER BY t.id")
        assert.deepStrictEqual(
          rows.map(({ id, v, own }) => [id, v, own]),
          [
            ["1", "A", "kept"],
            ["3", "c2", "new"],
            ["20", "b", "kept"]
          ]
        )
      })
    )

    it.effect("shows triggers that always fire every change, in order", () =>
      Effect.gen(function* () {
        const { scene, apply } = yield* meddle({
          targetSchema: `${schema}; CREATE TABLE public.seen (n serial, what text);
          CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO public.seen (what) VALUES (TG_OP || coalesce(NEW.v, OLD.v)); RETURN NULL; END $$;
          CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.see();
          ALTER TABLE public.t ENABLE ALWAYS TRIGGER see`,
          first: "INSERT INTO public.t VALUES (1, 'a', '')",
          meddling: "TRUNCATE public.seen",
          change: `BEGIN; UPDATE public.t SET v = 'b'; UPDATE public.t SET v = 'c'; DELETE FROM public.t;
          INSERT INTO public.t VALUES (1, 'd', ''); COMMIT`
        })
        yield* apply
        const rows = yield* scene.target.query("SELECT what FROM public.seen ORDER BY n")
        assert.deepStrictEqual(
          rows.map(({ what }) => what),
          ["UPDATEb", "UPDATEc", "DELETEc", "INSERTd"]
        )
      })
    )
  }
)
