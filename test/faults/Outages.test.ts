import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { runWorkload } from "../../src/main/demo/DemoWorkload.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { follow, makeScene, until } from "./Scene.ts"

/** How long the target stays away: `WALSTREAM_OUTAGE_SECONDS=30` on demand. */
const outage = Number(process.env["WALSTREAM_OUTAGE_SECONDS"] ?? "3")

it.live(
  "a source that is killed and a target that is away hold it up, and nothing more",
  () =>
    Effect.gen(function* () {
      const scene = yield* makeScene()
      const walstream = yield* scene.start
      const api = yield* walstream.ready
      const { id } = yield* follow(api)
      yield* scene.seed
      const load = yield* Effect.forkScoped(runWorkload({ url: scene.sourceUrl, rate: 60 }))
      const moved = (by: number) =>
        Effect.gen(function* () {
          const { seq } = yield* api.source
          yield* until(
            "capture goes on",
            Effect.map(api.source, (now) => now.seq > seq + by)
          )
        })
      yield* moved(20)

      yield* scene.target.kill
      // Its length is the point: there is no condition to wait for.
      yield* Effect.all([Effect.sleep(outage * 1000), moved(outage * 10)], { concurrency: 2 })
      yield* scene.target.start

      yield* scene.source.kill
      yield* scene.source.start
      yield* moved(20)

      // Connections stay open and nothing answers: longer than any patience with a single request.
      yield* scene.target.freeze
      yield* moved(40)
      yield* scene.target.thaw

      yield* Fiber.interrupt(load)
      yield* scene.settled(api, id)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      assert.strictEqual((yield* api.job(id)).status, "running")
      assert.strictEqual(yield* walstream.stop, 0, walstream.log())
    }).pipe(Effect.scoped),
  { timeout: 240_000 }
)
