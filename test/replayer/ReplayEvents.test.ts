import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import type { Change } from "../../src/domain/Change.ts"
import type { Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import type { TargetErrorReason } from "../../src/replay/TargetError.ts"
import type { ReplayEvent } from "../../src/replayer/EventTarget.ts"
import { ReplayEvents } from "../../src/replayer/ReplayEvents.ts"
import { applyAll, endOf, makeScene, Server, type TargetScene } from "../replay/target/TargetScene.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"

const schema = "CREATE TABLE public.t (id int PRIMARY KEY, v text)"

const events = (scene: TargetScene) =>
  Effect.map(
    Layer.build(
      ReplayEvents.layer({ targets: { there: scene.targetUrl }, source: { url: scene.sourceUrl } })
    ),
    (built) => Context.get(built, ReplayEvents)
  )

const eventsOf = (chunks: ReadonlyArray<ArchivedChunk>): ReadonlyArray<ReplayEvent> =>
  chunks.flatMap(({ seq, firstOrdinal, changes }) =>
    changes.map((change: Change, i) => ({
      position: { seq, ordinal: firstOrdinal + i } satisfies Position,
      change,
      dedupe: "target" as const,
      onMismatch: "converge" as const
    }))
  )

const reasonTag = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(effect), (error) =>
    "reason" in error ? (error.reason as TargetErrorReason)._tag : error._tag
  )

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("single changes", (it) => {
  it.effect("are applied once, in any order of rows, and not in the wrong order of one row", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
      yield* scene.source.script("UPDATE public.t SET v = 'z' WHERE id = 2")
      yield* scene.source.script("DELETE FROM public.t WHERE id = 3")
      const [one, two, three, update, remove] = eventsOf(yield* scene.history)
      if (one === undefined || two === undefined || three === undefined) return assert.fail()
      if (update === undefined || remove === undefined) return assert.fail()
      const { apply } = yield* events(scene)
      const send = (event: ReplayEvent) => apply("there", "shop", event)
      assert.strictEqual(yield* send(two), "applied")
      assert.strictEqual(yield* send(update), "applied")
      assert.strictEqual(yield* send(update), "duplicate")
      assert.strictEqual(yield* send(one), "applied")
      assert.strictEqual(yield* send(three), "applied")
      assert.strictEqual(yield* send(remove), "applied")
      for (const event of [one, two, three, update, remove]) {
        assert.strictEqual(yield* send(event), "duplicate")
      }
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      // What is not known yet but older than what its row has seen.
      const older = { ...update, position: { seq: 1, ordinal: 50 } }
      assert.strictEqual(yield* reasonTag(send(older)), "Overlap")
      assert.strictEqual(yield* reasonTag(apply("nowhere", "shop", one)), "CallError")
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("are duplicates of what a job has applied, and the other way round", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      yield* scene.source.script("INSERT INTO public.t VALUES (2, 'b'), (3, 'c')")
      yield* scene.source.script("INSERT INTO public.t VALUES (4, 'd')")
      const chunks = yield* scene.history
      const [first, ...rest] = chunks
      if (first === undefined) return assert.fail()
      const { apply } = yield* events(scene)
      const session = yield* scene.open()
      yield* session.position
      yield* applyAll(session, [first])
      const [one, , three] = eventsOf(chunks)
      if (one === undefined || three === undefined) return assert.fail()
      assert.strictEqual(yield* apply("there", "shop", one), "duplicate")
      // Another history's changes are none of these.
      assert.strictEqual(yield* apply("there", "other", { ...one, onMismatch: "converge" }), "converged")
      assert.strictEqual(yield* apply("there", "shop", three), "applied")
      // The job notices that somebody else had the turn.
      const counters = yield* applyAll(session, rest, endOf([first]))
      assert.deepStrictEqual(counters, { processed: 2, duplicate: 1, converged: 0 })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("stop a job that would write older values over them", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      yield* scene.source.script("UPDATE public.t SET v = 'b'")
      const chunks = yield* scene.history
      const [, update] = eventsOf(chunks)
      if (update === undefined) return assert.fail()
      const { apply } = yield* events(scene)
      assert.strictEqual(yield* apply("there", "shop", update), "converged")
      const session = yield* scene.open()
      yield* session.position
      assert.strictEqual(yield* reasonTag(applyAll(session, chunks)), "Overlap")
    })
  )

  it.effect("are marked for 7 days", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'secret')")
      const [one] = eventsOf(yield* scene.history)
      if (one === undefined) return assert.fail()
      const { apply, expire } = yield* events(scene)
      const age = (days: number) =>
        scene.target.script(
          `UPDATE walstream.event_keys SET applied_at = now() - interval '${days} days' + interval '1 minute'`
        )
      assert.strictEqual(yield* expire("there", 10), 0)
      yield* apply("there", "shop", one)
      const marks = yield* scene.target.query("SELECT event_keys::text AS mark FROM walstream.event_keys")
      assert.lengthOf(marks, 1)
      assert.notInclude(JSON.stringify(marks), "secret")
      yield* age(7)
      assert.strictEqual(yield* apply("there", "shop", one), "duplicate")
      assert.strictEqual(yield* expire("there", 10), 0)
      yield* age(8)
      assert.strictEqual(yield* apply("there", "shop", one), "converged")
      yield* age(8)
      assert.strictEqual(yield* expire("there", 10), 1)
    })
  )
})
