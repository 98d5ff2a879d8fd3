import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { formatPosition, origin, type Position } from "../../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import type { TargetError } from "../../../src/replay/TargetError.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { applyAll, endOf, makeScene, Server, type TargetScene } from "./TargetScene.ts"

const schema =
  "CREATE TABLE public.t (id int PRIMARY KEY, v text); CREATE TABLE public.u (id int PRIMARY KEY, v text)"

/** Ten transactions: each inserts into t and u, or updates both. */
const tenTransactions = Effect.fnUntraced(function* (scene: TargetScene) {
  for (let i = 1; i <= 5; i++) {
    yield* scene.source.script(
      `INSERT INTO public.t VALUES (${i}, 'a'); INSERT INTO public.u VALUES (${i}, 'a')`
    )
  }
  for (let i = 1; i <= 5; i++) {
    yield* scene.source.script(
      `UPDATE public.t SET v = 'b${i}' WHERE id <= ${i}; UPDATE public.u SET v = 'b${i}' WHERE id = ${i}`
    )
  }
  return yield* scene.history
})

const between = (chunks: ReadonlyArray<ArchivedChunk>, from: number, until: number) =>
  chunks.filter(({ seq }) => seq >= from && seq < until)

/** Only the changes of one table. */
const only = (chunks: ReadonlyArray<ArchivedChunk>, table: string): ReadonlyArray<ArchivedChunk> =>
  chunks.flatMap((chunk) =>
    chunk.changes.flatMap((change, i) =>
      "relation" in change && change.relation.name === table
        ? [{ ...chunk, firstOrdinal: chunk.firstOrdinal + i, changes: [change] }]
        : []
    )
  )

const reasonOf = <A, R>(effect: Effect.Effect<A, TargetError, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

const count = (chunks: ReadonlyArray<ArchivedChunk>) =>
  chunks.reduce((n, { changes }) => n + changes.length, 0)

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("dedupe", (it) => {
  it.effect("skips and counts what another job has applied, and applies the rest", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      const chunks = yield* tenTransactions(scene)
      const first = yield* scene.open({ jobId: "first" })
      yield* first.position
      const half = between(chunks, 1, 6)
      yield* applyAll(first, half)

      const second = yield* scene.open({ jobId: "second" })
      assert.isNull(yield* second.position)
      const counters = yield* applyAll(second, chunks)
      assert.deepStrictEqual(counters, {
        processed: count(chunks) - count(half),
        duplicate: count(half),
        converged: 0
      })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("does not bring what another job skipped behind what followed it", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'first')")
      yield* scene.source.script("UPDATE public.t SET v = 'second' WHERE id = 1")
      yield* scene.source.script("UPDATE public.t SET v = 'third' WHERE id = 1")
      const chunks = yield* scene.history
      const [, second] = chunks
      if (second === undefined) return assert.fail("no history")
      const { incarnation, commit } = second
      const skipped = formatPosition({ incarnation, commitLsn: commit.commitLsn, ordinal: 0 })
      const first = yield* scene.open({ jobId: "first", skips: [skipped] })
      yield* first.position
      yield* applyAll(first, chunks)
      const other = yield* scene.open({ jobId: "other" })
      assert.isNull(yield* other.position)
      assert.deepStrictEqual(yield* reasonOf(applyAll(other, chunks)), { _tag: "Overlap", from: 2, until: 3 })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("takes nothing of another history for a duplicate, though its numbers are the same", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'old')")
      const before = yield* scene.open({ jobId: "before", source: "shop@1/slot/0/1" })
      yield* before.position
      yield* applyAll(before, yield* scene.history)
      yield* scene.source.script("INSERT INTO public.t VALUES (2, 'new')")
      const again = (yield* scene.history).map((chunk) => ({ ...chunk, seq: 1 }))
      const after = yield* scene.open({ jobId: "after", source: "shop@1/slot/0/2" })
      yield* after.position
      assert.deepStrictEqual(yield* applyAll(after, again), { processed: 1, duplicate: 0, converged: 0 })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("refuses a job that would write old values over new ones, naming the transactions", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      const chunks = yield* tenTransactions(scene)
      const first = yield* scene.open({ jobId: "first", startSeq: 4 })
      yield* first.position
      yield* applyAll(first, between(chunks, 4, 6))
      const second = yield* scene.open({ jobId: "second" })
      assert.deepStrictEqual(yield* reasonOf(second.position), { _tag: "Overlap", from: 1, until: 4 })
      // Asked for by name, it does.
      const third = yield* scene.open({ jobId: "third", dedupe: "off" })
      assert.isNull(yield* third.position)
      yield* applyAll(third, chunks)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("knows jobs by the tables they wanted", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      const chunks = yield* tenTransactions(scene)
      const first = yield* scene.open({ jobId: "first", filterText: '[["public.t"],null]' })
      yield* first.position
      const t = only(chunks, "t")
      yield* first.apply({ chunks: t, follows: origin, until: endOf(chunks), goesOn: false })
      const second = yield* scene.open({ jobId: "second" })
      yield* second.position
      const counters = yield* applyAll(second, chunks)
      assert.deepStrictEqual(counters, {
        processed: count(only(chunks, "u")),
        duplicate: count(t),
        converged: 0
      })
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("lets two jobs of one window take turns: every change is applied once", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      const chunks = yield* tenTransactions(scene)
      const jobs = [yield* scene.open({ jobId: "a" }), yield* scene.open({ jobId: "b" })]
      for (const job of jobs) assert.isNull(yield* job.position)
      const run = (job: (typeof jobs)[number], step: number) =>
        Effect.gen(function* () {
          let follows: Position = origin
          let processed = 0
          let duplicate = 0
          for (let seq = 1; seq <= 10; seq += step) {
            const batch = between(chunks, seq, seq + step)
            const counters = yield* applyAll(job, batch, follows)
            processed += counters.processed
            duplicate += counters.duplicate
            follows = endOf(batch)
          }
          return { processed, duplicate }
        })
      const [a, b] = yield* Effect.all(
        jobs.map((job, i) => run(job, i + 1)),
        { concurrency: 2 }
      )
      assert.strictEqual((a?.processed ?? 0) + (b?.processed ?? 0), count(chunks))
      assert.strictEqual((a?.duplicate ?? 0) + (b?.duplicate ?? 0), count(chunks))
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )

  it.effect("forgets what was applied more than seven days ago", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(schema)
      const chunks = yield* tenTransactions(scene)
      const first = yield* scene.open({ jobId: "first" })
      yield* first.position
      yield* applyAll(first, chunks)
      yield* scene.target.script("UPDATE walstream.ledger_jobs SET updated_at = now() - interval '8 days'")
      yield* scene.target.script("TRUNCATE public.t, public.u")
      const second = yield* scene.open({ jobId: "second" })
      yield* second.position
      assert.strictEqual((yield* applyAll(second, chunks)).processed, count(chunks))
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
    })
  )
})
