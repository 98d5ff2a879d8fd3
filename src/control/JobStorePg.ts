import { PgClient } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import { JobStore } from "../replay/JobStore.ts"
import { ActorSystem } from "../runtime/ActorSystem.ts"
import { exponentialBackoff } from "../runtime/RetryPolicy.ts"
import { makeControlSession } from "./ControlSession.ts"
import { makeFinishedJobs } from "./FinishedJobs.ts"
import { makeJobCommands } from "./JobCommands.ts"
import { makeJobLeases } from "./JobLeases.ts"

/** The job store in the control database, which must be at this build's revision (`checkRevision`). */
export const layerJobStorePg: Layer.Layer<JobStore, never, PgClient.PgClient | ActorSystem> = Layer.effect(
  JobStore,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const { root } = yield* ActorSystem
    const session = yield* makeControlSession
    const supervisor = yield* Effect.acquireRelease(
      root.supervise({
        name: "job-store",
        // However long the control database is away, the session comes back with it.
        intensity: "unlimited",
        backoff: exponentialBackoff({ base: "50 millis", cap: "2 seconds" })
      }),
      () => root.stop("job-store")
    )
    yield* supervisor.spawn(session.actor)
    return {
      ...makeJobCommands(sql),
      ...makeJobLeases(sql, session),
      ...makeFinishedJobs(sql),
      changes: session.changes
    }
  }).pipe(Effect.orDie)
)
