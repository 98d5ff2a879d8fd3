import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { runWorkload } from "../../src/main/demo/DemoWorkload.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { follow, makeScene, until } from "./Scene.ts"

it.live(
  "frozen past its lease, it takes its own job up again and goes on",
  () =>
    Effect.gen(function* () {
      const scene = yield* makeScene({ env: { JOB_LEASE_DURATION_SECONDS: "5" } })
      const walstream = yield* scene.start
      const api = yield* walstream.ready
      const { id } = yield* follow(api)
      yield* scene.seed
      const load = yield* Effect.forkScoped(runWorkload({ url: scene.sourceUrl, rate: 60 }))
      yield* until(
        "the job is at work",
        Effect.map(api.job(id), ({ checkpoint }) => (checkpoint?.seq ?? 0) > 20)
      )

      const control = yield* connectPg({ url: scene.controlUrl, applicationName: "test" })
      const observed = (sql: string) => Effect.map(control.query(sql), ([row]) => row?.["met"] === "t")
      yield* walstream.freeze
      yield* until(
        "the lease runs out",
        observed("SELECT lease_expires_at < clock_timestamp() AS met FROM public.jobs")
      )
      yield* walstream.thaw

      const { seq } = yield* api.source
      yield* until(
        "capture goes on",
        Effect.map(api.source, (now) => now.seq > seq + 50)
      )
      yield* Fiber.interrupt(load)
      yield* scene.settled(api, id)
      yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
      assert.strictEqual((yield* api.job(id)).events_converged, 0)
      const epochs = yield* observed("SELECT lease_epoch >= 2 AS met FROM public.jobs")
      assert.isTrue(epochs, "whoever lost the lease must acquire it anew")
      assert.strictEqual(yield* walstream.stop, 0, walstream.log())
    }).pipe(Effect.scoped),
  { timeout: 180_000 }
)
