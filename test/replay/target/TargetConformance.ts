import { assert, layer } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, type Redacted, Schedule } from "effect"
import type { JobCounters } from "../../../src/domain/Job.ts"
import { formatPosition, origin, type Position } from "../../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import { addCounters, noCounters } from "../../../src/replay/Counters.ts"
import { type ApplyOptions, type TargetSession, Targets } from "../../../src/replay/Target.ts"
import type { TargetError, TargetErrorReason } from "../../../src/replay/TargetError.ts"
import { Dice } from "../../log/Dice.ts"
import { assertSameDatabases } from "../../servers/CompareDatabases.ts"
import { randomWork, shapes } from "./RandomWork.ts"
import { applyAll, cutBatches, defaults, endOf, makeScene, Server, type TargetScene } from "./TargetScene.ts"

/** Targets named `there` (the scene's) and `source` (the source itself), however they are reached. */
export type TargetsUnderTest = (scene: {
  readonly targetUrl: Redacted.Redacted
  readonly sourceUrl: Redacted.Redacted
}) => Layer.Layer<Targets>

/** A change applied twice shows in the keyless table as a row too many, one left out as a row too few. */
const simple = `CREATE TABLE public.keyless (a int, v text); ALTER TABLE public.keyless REPLICA IDENTITY FULL;
  CREATE TABLE public.t (id int PRIMARY KEY, v text)`

const eventLoopTurn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

const behind = (chunks: ReadonlyArray<ArchivedChunk>, position: Position): ReadonlyArray<ArchivedChunk> =>
  chunks.flatMap((chunk) => {
    if (chunk.seq !== position.seq) return chunk.seq > position.seq ? [chunk] : []
    const changes = chunk.changes.slice(position.ordinal + 1 - chunk.firstOrdinal)
    return changes.length === 0 ? [] : [{ ...chunk, firstOrdinal: position.ordinal + 1, changes }]
  })

const rows = (scene: TargetScene, table: string) =>
  Effect.map(scene.target.query(`SELECT count(*)::text AS n FROM ${table}`), ([row]) => Number(row?.["n"]))

/** What every way into a target keeps to. */
export const targetConformance = (name: string, under: TargetsUnderTest) =>
  layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })(name, (it) => {
    const begin = Effect.fnUntraced(function* (schema: string) {
      const scene = yield* makeScene(schema)
      const targets = Context.get(yield* Layer.build(under(scene)), Targets)
      const open = (options: Partial<ApplyOptions> = {}, target = "there", dryRun = false) =>
        targets.open(target, dryRun, { ...defaults, ...options })
      return { scene, open, targets }
    })
    const reasonOf = <A, R>(effect: Effect.Effect<A, { readonly reason: TargetErrorReason }, R>) =>
      Effect.map(Effect.flip(effect), ({ reason }) => reason)

    it.effect("random histories end as at the source, however they are cut", () =>
      Effect.gen(function* () {
        const dice = new Dice(Number(process.env["SEED"] ?? 11))
        const { scene, open } = yield* begin(shapes)
        const session = yield* open()
        assert.isNull(yield* session.position)
        let follows = origin
        let total: JobCounters = { processed: 0, duplicate: 0, converged: 0 }
        let changes = 0
        for (let round = 0; round < 3; round++) {
          yield* randomWork(scene.source, dice, 50, /^$/u)
          const chunks = yield* scene.history
          changes += chunks.reduce((sum, chunk) => sum + chunk.changes.length, 0)
          for (const batch of cutBatches(chunks, () => 1 + dice.below(60))) {
            const until = endOf(batch)
            const goesOn = batch.at(-1)?.last === false && dice.oneIn(2)
            const { processed, duplicate, converged } = yield* session.apply({
              chunks: batch,
              follows,
              until,
              goesOn
            })
            total = {
              processed: total.processed + processed,
              duplicate: total.duplicate + duplicate,
              converged: total.converged + converged
            }
            follows = until
          }
          yield* assertSameDatabases(scene.sourceUrl, scene.adminUrl)
        }
        assert.deepStrictEqual(total, { processed: changes, duplicate: 0, converged: 0 })
        assert.deepStrictEqual(yield* session.position, follows)
        assert.strictEqual(session.mode()?.mode, "replica")
      })
    )

    it.effect("every change exactly once, whatever is interrupted, killed or taken over", () =>
      Effect.gen(function* () {
        const dice = new Dice(Number(process.env["SEED"] ?? 3))
        const { scene, open } = yield* begin(simple)
        for (let i = 0; i < 40; i++) {
          yield* scene.source.script(
            `BEGIN; INSERT INTO public.keyless SELECT g % 5, 'n' FROM generate_series(1, ${1 + dice.below(6)}) g;
             INSERT INTO public.t VALUES (${i}, 'new'); UPDATE public.t SET v = v || ${i} WHERE id % 7 = ${i % 7};
             DELETE FROM public.keyless WHERE ctid = (SELECT min(ctid) FROM public.keyless); COMMIT`
          )
        }
        const chunks = yield* scene.history
        let epoch = 1
        let session = yield* open({ epoch })
        let position = (yield* session.position) ?? origin
        for (;;) {
          const [batch] = cutBatches(behind(chunks, position), () => 1 + dice.below(25))
          if (batch === undefined) break
          const applying = yield* Effect.forkChild(
            session.apply({ chunks: batch, follows: position, until: endOf(batch), goesOn: false })
          )
          const trouble = dice.below(5)
          if (trouble > 1) yield* Effect.repeat(eventLoopTurn, { times: dice.below(120) })
          if (trouble === 2) yield* Fiber.interrupt(applying)
          if (trouble === 3) {
            yield* scene.target.query(
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'walstream job job-1' AND datname = current_database()"
            )
          }
          if (trouble === 4) {
            epoch += 1
            session = yield* open({ epoch })
          }
          if (trouble > 1) position = (yield* session.position.pipe(Effect.retry({ times: 3 }))) ?? origin
          yield* Fiber.await(applying)
          if (trouble <= 1) position = endOf(batch)
        }
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      })
    )

    it.effect("says exactly why it does not take something", () =>
      Effect.gen(function* () {
        const { scene, open } = yield* begin(`${simple}; CREATE TABLE public.only_here (id int PRIMARY KEY)`)
        yield* scene.target.script(
          "DROP TABLE public.only_here; ALTER TABLE public.t ADD CHECK (v <> 'bad secret')"
        )
        yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
        yield* scene.source.script("INSERT INTO public.t VALUES (2, 'bad secret')")
        yield* scene.source.script("INSERT INTO public.only_here VALUES (1)")
        const chunks = yield* scene.history
        const [first, bad, unfit] = chunks.map((chunk) => [chunk])
        const session = yield* open()
        yield* session.position
        yield* applyAll(session, first ?? [])
        const at = endOf(first ?? [])

        const moved = yield* reasonOf(applyAll(session, bad ?? []))
        assert.deepStrictEqual(moved, { _tag: "Moved", ...at })

        const rejected = yield* reasonOf(applyAll(session, bad ?? [], at))
        assert.deepInclude(rejected, {
          _tag: "Rejected",
          seq: 2,
          ordinal: 0,
          table: "public.t",
          sqlState: "23514"
        })
        assert.notInclude(JSON.stringify(rejected), "secret")

        const narrow = yield* reasonOf(applyAll(session, unfit ?? [], at))
        assert.deepInclude(narrow, { _tag: "Unfit", table: "public.only_here" })

        const overlap = yield* reasonOf(
          Effect.flatMap(open({ jobId: "job-2", startSeq: 0 }), (other) => other.position)
        )
        assert.deepStrictEqual(overlap, { _tag: "Overlap", from: 0, until: 1 })

        const next = yield* open({ epoch: 2 })
        yield* next.position
        const fenced = yield* reasonOf(applyAll(session, bad ?? [], at))
        assert.deepStrictEqual(fenced, { _tag: "Fenced", mine: 1, theirs: 2 })

        assert.strictEqual((yield* reasonOf(open({}, "elsewhere")))._tag, "Refused")
        assert.strictEqual((yield* reasonOf(open({}, "source")))._tag, "SameAsSource")
        assert.strictEqual(yield* rows(scene, "public.t"), 1)
      })
    )

    it.effect("takes the next batch while it is at one, in order; behind one that failed it takes none", () =>
      Effect.gen(function* () {
        const { scene, open } = yield* begin(simple)
        yield* scene.target.script("ALTER TABLE public.t ADD CHECK (v <> 'bad')")
        for (let id = 1; id <= 8; id++) yield* scene.source.script(`INSERT INTO public.t VALUES (${id}, 'a')`)
        yield* scene.source.script("UPDATE public.t SET v = 'bad' WHERE id = 1")
        yield* scene.source.script("UPDATE public.t SET v = 'b' WHERE id = 2")
        const batches = (yield* scene.history).map((chunk) => [chunk])
        const session = yield* open()
        yield* session.position
        const apply = (n: number) => {
          const before = batches[n - 1]
          return applyAll(session, batches[n] ?? [], before === undefined ? origin : endOf(before))
        }
        for (const n of [0, 2, 4, 6]) {
          const counters = yield* Effect.all([apply(n), apply(n + 1)], { concurrency: 2 })
          assert.deepStrictEqual(
            counters.map(({ processed }) => processed),
            [1, 1]
          )
        }
        const refused = yield* Effect.all([reasonOf(apply(8)), reasonOf(apply(9))], { concurrency: 2 })
        assert.deepStrictEqual(
          refused.map(({ _tag }) => _tag),
          ["Rejected", "Moved"]
        )
        assert.deepStrictEqual(yield* session.position, endOf(batches[7] ?? []))
        const [row] = yield* scene.target.query("SELECT count(*)::text AS n FROM public.t WHERE v = 'a'")
        assert.strictEqual(row?.["n"], "8")
      })
    )

    it.effect("an interrupt takes back what is open", () =>
      Effect.gen(function* () {
        const { scene, open } = yield* begin(simple)
        yield* scene.source.script("INSERT INTO public.t SELECT g, 'x' FROM generate_series(1, 20) g")
        const [part, end] = cutBatches(yield* scene.history, () => 10)
        if (part === undefined || end === undefined) return yield* Effect.die(new Error("two parts"))
        const session = yield* open()
        yield* session.position
        const counted = yield* session.apply({
          chunks: part,
          follows: origin,
          until: endOf(part),
          goesOn: true
        })
        assert.strictEqual(counted.processed, 10)
        // Somebody else's lock keeps the second part waiting.
        yield* scene.target.script("BEGIN; INSERT INTO public.t VALUES (15, 'lock')")
        const applying = yield* Effect.forkChild(
          session.apply({ chunks: end, follows: endOf(part), until: endOf(end), goesOn: false })
        )
        const waits = scene.source.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name = 'walstream job job-1' AND wait_event_type = 'Lock'"
        )
        const found = <A>(query: Effect.Effect<ReadonlyArray<A>, unknown>, is: boolean) =>
          Effect.repeat(Effect.orDie(query), {
            schedule: Schedule.spaced(10),
            until: (answer) => answer.length > 0 === is
          })
        yield* found(waits, true)
        yield* Fiber.interrupt(applying)
        yield* found(waits, false)
        yield* scene.target.script("ROLLBACK")
        assert.isNull(yield* session.position)
        assert.strictEqual(yield* rows(scene, "public.t"), 0)
        // It begins again from the first part.
        const all = [...part, ...end]
        const exit = yield* Effect.exit(applyAll(session, all))
        assert.isTrue(Exit.isSuccess(exit))
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      })
    )

    it.effect(
      "passes over exactly what it is told to, and keeps that as exceptions of what it has applied",
      () =>
        Effect.gen(function* () {
          for (const inParts of [false, true]) {
            const { scene, open } = yield* begin(simple)
            yield* scene.target.script("ALTER TABLE public.t ADD CHECK (v <> 'no')")
            yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
            yield* scene.source.script(
              "BEGIN; INSERT INTO public.t VALUES (2, 'b'); INSERT INTO public.t VALUES (3, 'no'); INSERT INTO public.t VALUES (4, 'd'); COMMIT"
            )
            yield* scene.source.script("INSERT INTO public.t VALUES (5, 'no')")
            yield* scene.source.script("UPDATE public.t SET v = 'A' WHERE id = 1")
            const chunks = yield* scene.history
            const [, second, third] = chunks
            if (second === undefined || third === undefined) return assert.fail("no history")
            const nameOf = ({ incarnation, commit }: ArchivedChunk, ordinal: number) =>
              formatPosition({ incarnation, commitLsn: commit.commitLsn, ordinal })
            const batches = inParts ? cutBatches(chunks, () => 2) : [chunks]
            const applyFrom = Effect.fnUntraced(function* (
              session: TargetSession,
              stands: Position | null
            ): Effect.fn.Return<JobCounters, TargetError> {
              let follows = stands ?? origin
              let total = noCounters
              for (const batch of batches.map((whole) => behind(whole, follows))) {
                if (batch.length === 0) continue
                const until = endOf(batch)
                const goesOn = batch.at(-1)?.last === false
                total = addCounters(total, yield* session.apply({ chunks: batch, follows, until, goesOn }))
                follows = until
              }
              return total
            })

            const first = yield* open({ skips: [nameOf(second, 1)] })
            const refused = yield* reasonOf(applyFrom(first, yield* first.position))
            assert.deepInclude(refused, { _tag: "Rejected", seq: 3, ordinal: 0 })
            const exceptions = () =>
              Effect.map(
                scene.target.query("SELECT exceptions::text AS e FROM walstream.ledger_jobs"),
                (rows) => rows.map((row) => JSON.parse(row["e"] ?? "null"))
              )
            assert.deepStrictEqual(yield* exceptions(), [[{ seq: 2, ordinal: 1 }]])

            const next = yield* open({ epoch: 2, skips: [nameOf(second, 1), nameOf(third, 0)] })
            const stands = yield* next.position
            assert.deepStrictEqual(stands, { seq: 2, ordinal: 2 })
            assert.deepStrictEqual(yield* applyFrom(next, stands), {
              processed: 1,
              duplicate: 0,
              converged: 0
            })
            assert.deepStrictEqual(yield* exceptions(), [
              [
                { seq: 2, ordinal: 1 },
                { seq: 3, ordinal: 0 }
              ]
            ])
            const held = yield* scene.target.query("SELECT id::text, v FROM public.t ORDER BY id")
            assert.deepStrictEqual(held, [
              { id: "1", v: "A" },
              { id: "2", v: "b" },
              { id: "4", v: "d" }
            ])
          }
        })
    )

    it.effect(
      "tells which jobs' rows have expired, page after page, and removes those that it is told to",
      () =>
        Effect.gen(function* () {
          const { scene, open, targets } = yield* begin(simple)
          // No job has come here yet: there is no ledger.
          assert.deepStrictEqual(yield* targets.expiredJobs("there", "", 10), [])
          assert.strictEqual(yield* targets.forgetJobs("there", ["job-1"]), 0)

          yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
          const chunks = yield* scene.history
          const session = yield* open()
          yield* session.position
          yield* applyAll(session, chunks)
          yield* scene.target.script(
            `INSERT INTO walstream.ledger_jobs (job_id, source, epoch, seq, ordinal, start_seq, filter, updated_at)
           SELECT 'old-' || g, 'shop', 1, 1, 0, 1, '[null,null]', now() - interval '8 days'
           FROM generate_series(1, 5) g`
          )
          assert.deepStrictEqual(yield* targets.expiredJobs("there", "", 3), ["old-1", "old-2", "old-3"])
          assert.deepStrictEqual(yield* targets.expiredJobs("there", "old-3", 3), ["old-4", "old-5"])

          // One that is young, and one that is not there, are left out.
          const removed = yield* targets.forgetJobs("there", ["old-1", "old-4", "job-1", "nobody's"])
          assert.strictEqual(removed, 2)
          const kept = yield* scene.target.query("SELECT job_id FROM walstream.ledger_jobs ORDER BY job_id")
          assert.deepStrictEqual(
            kept.map((row) => row["job_id"]),
            ["job-1", "old-2", "old-3", "old-5"]
          )
          assert.deepStrictEqual(yield* session.position, endOf(chunks))
          assert.strictEqual((yield* reasonOf(targets.expiredJobs("elsewhere", "", 1)))._tag, "Refused")
          assert.strictEqual((yield* reasonOf(targets.forgetJobs("elsewhere", ["old-2"])))._tag, "Refused")
        })
    )

    it.effect("a dry run counts and writes nothing", () =>
      Effect.gen(function* () {
        const { scene, open } = yield* begin(simple)
        yield* scene.source.script("INSERT INTO public.t SELECT g, 'x' FROM generate_series(1, 20) g")
        const session = yield* open({}, "there", true)
        assert.isNull(yield* session.position)
        const chunks = yield* scene.history
        assert.deepStrictEqual(yield* applyAll(session, chunks), {
          processed: 20,
          duplicate: 0,
          converged: 0
        })
        assert.deepStrictEqual(yield* session.position, endOf(chunks))
        assert.strictEqual(session.mode()?.mode, "dry_run")
        assert.strictEqual(yield* rows(scene, "public.t"), 0)
      })
    )
  })
