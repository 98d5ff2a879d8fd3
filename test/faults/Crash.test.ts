import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Random } from "effect"
import { runWorkload } from "../../src/main/demo/DemoWorkload.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { auditArchive } from "./ArchiveAudit.ts"
import { follow, makeScene } from "./Scene.ts"

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
          const last = yield* scene.settled(api, jobId)
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
