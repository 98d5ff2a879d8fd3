import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"
import { controlDatabase } from "../../src/control/ControlDatabase.ts"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { migrate } from "../../src/control/Migrations.ts"
import type { JobSpec } from "../../src/domain/Job.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"

/** A server of its own for a test file. */
export class TestServer extends Context.Service<TestServer>()("walstream/test/control/TestServer", {
  make: makeTestPostgres()
}) {
  static readonly layer = Layer.effect(this, this.make)
}

/** A fresh, empty database on it. */
export const emptyDatabase = (name: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const server = yield* TestServer
      const url = yield* server.createDatabase(name)
      return controlDatabase({ url, applicationName: "walstream-test" })
    })
  )

/** A migrated control database. */
export const controlLayer = (name: string) =>
  Layer.effectDiscard(migrate).pipe(
    Layer.provideMerge(emptyDatabase(name)),
    Layer.provideMerge(TestServer.layer)
  )

/** A second job store on the same database, as another worker process would have. */
export const anotherStore = Layer.fresh(layerJobStorePg.pipe(Layer.provide(ActorSystem.layer)))

export const emptyJobs = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`DELETE FROM jobs`
})

export const spec: JobSpec = {
  name: "a test",
  startTime: 1_700_000_000_123_456,
  endTime: null,
  startLsn: null,
  endLsn: null,
  speed: "max",
  tables: null,
  operations: null,
  target: "default",
  dryRun: false,
  dedupe: "target",
  onMismatch: "converge",
  maxGapSeconds: null,
  follow: false,
  strictSource: false
}
