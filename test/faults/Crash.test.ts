import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Random } from "effect"
import { runWorkload } from "../../src/main/demo/DemoWorkload.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { auditArchive } from "./ArchiveAudit.ts"
import { follow, makeScene, until } from "./Scene.ts"

/** How many times it is killed: a few in the normal run, `WALSTREAM_CRASHES=50` on demand. */
const crashes = Number(process.env["WALSTREAM_CRASHES"] ?? "5")

it.live(
  `killed ${crashes} times at random moments while it captures and replays, nothing is lost, doubled or out of order`,
  () =>
    Effect.gen(function* () {
      const scene = yield* makeScene()
      const jobId = yield* Effect.scoped(
        Effect.gen(function* () {
          const walstream = yield* scene.start
          const api = yield* walstream.ready
          const job = yield* follow(api)
          yield* scene.seed
          yield* walstream.kill
          return job.id
        })
      )
      const load = yield* Effect.forkScoped(runWorkload({ url: scene.sourceUrl, rate: 60 }))
      for (let life = 1; life < crashes; life++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const walstream = yield* scene.start
            // From before it can have done anything to a second or two of work. The moment is the point of the
            // test: there is no condition to wait for.
            yield* Effect.sleep(yield* Random.nextIntBetween(200, 5000))
            yield* walstream.kill
          })
        )
      }
      yield* Effect.scoped(
        Effect.gen(function* () {
          const walstream = yield* scene.start
          const api = yield* walstream.ready
          yield* Fiber.interrupt(load)
          const last = yield* scene.settled(api, jobId, { killedAtWork: true })
          assert.isAbove(last, 1)
          yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
          // The target was as history says at every step: equal at the end is not luck.
          assert.strictEqual((yield* api.job(jobId)).events_converged, 0)
          assert.strictEqual(yield* walstream.stop, 0, walstream.log())
        })
      )
      const audit = yield* auditArchive(join(scene.dataDir, "archive.sqlite"), "source")
      assert.deepStrictEqual(audit.faults, [])
      assert.isAbove(audit.changes, 17_000)
    }).pipe(Effect.scoped),
  { timeout: 180_000 + crashes * 10_000 }
)

it.live(
  "killed in the middle of a large transaction, nothing of it is at the target; started again, all of it is",
  () =>
    Effect.gen(function* () {
      const scene = yield* makeScene({
        prepare: (url) =>
          Effect.scoped(
            Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) =>
              session.script("CREATE TABLE public.large (id int PRIMARY KEY, name text)")
            )
          )
      })
      const target = yield* connectPg({ url: scene.targetUrl, applicationName: "test" })
      const count = Effect.map(target.query("SELECT count(*)::text AS n FROM public.large"), ([row]) =>
        Number(row?.["n"])
      )
      const jobId = yield* Effect.scoped(
        Effect.gen(function* () {
          const walstream = yield* scene.start
          const { id } = yield* Effect.flatMap(walstream.ready, follow)
          const source = yield* connectPg({ url: scene.sourceUrl, applicationName: "test" })
          yield* source.script(
            "INSERT INTO public.large SELECT g, md5(g::text) FROM generate_series(1, 150000) g"
          )
          yield* until(
            "the target has some of it in its files",
            Effect.map(
              target.query("SELECT (pg_relation_size('public.large') > 1000000)::text AS met"),
              ([row]) => row?.["met"] === "true"
            )
          )
          yield* walstream.kill
          return id
        })
      )
      assert.strictEqual(yield* count, 0)
      const walstream = yield* scene.start
      const api = yield* walstream.ready
      yield* scene.settled(api, jobId)
      assert.strictEqual(yield* count, 150_000)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      const job = yield* api.job(jobId)
      assert.deepStrictEqual(
        [job.events_processed, job.events_duplicate, job.events_converged],
        [150_000, 0, 0]
      )
      assert.strictEqual(yield* walstream.stop, 0, walstream.log())
    }).pipe(Effect.scoped),
  { timeout: 180_000 }
)

it.live(
  "killed again and again while it has nothing to do, it does not give its job up",
  () =>
    Effect.gen(function* () {
      const scene = yield* makeScene()
      const control = yield* connectPg({ url: scene.controlUrl, applicationName: "test" })
      /** Its worker has told that it waits; before, the kill would be one at work. */
      const waits = (epoch: number) =>
        until(
          `life ${epoch} of the job has come to rest`,
          Effect.map(
            control.query(
              `SELECT (lease_epoch = ${epoch} AND takeovers = 0 AND worker IS NOT NULL)::text AS met FROM public.jobs`
            ),
            ([row]) => row?.["met"] === "true"
          )
        )
      let jobId = ""
      for (let life = 1; life <= 4; life++) {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const walstream = yield* scene.start
            if (life === 1) jobId = (yield* Effect.flatMap(walstream.ready, follow)).id
            yield* waits(life)
            yield* walstream.kill
          })
        )
      }
      const walstream = yield* scene.start
      const api = yield* walstream.ready
      yield* scene.seed
      yield* scene.settled(api, jobId)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      assert.strictEqual(yield* walstream.stop, 0, walstream.log())
    }).pipe(Effect.scoped),
  { timeout: 180_000 }
)
