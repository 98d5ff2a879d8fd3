import { randomBytes } from "node:crypto"
import { PgClient, PgConnection } from "@effect/sql-pg"
import { Effect, Latch, PubSub, Queue, Schema, type Scope, Stream } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { ActorDefinition } from "../runtime/Actor.ts"
import { explainSqlError } from "./ControlDatabase.ts"

/**
 * One connection of its own to the control database, for as long as this process lives. Its advisory lock tells
 * others that our workers are alive: when the session is gone, their jobs are free at once. The same connection
 * hears which jobs change.
 */
export interface ControlSession {
  /** The advisory lock's key: random, one per process life. */
  readonly key: bigint
  /** Returns once the lock is held. */
  readonly held: Effect.Effect<void>
  /** Ids of jobs that changed. Slow readers miss the oldest. */
  readonly changes: Stream.Stream<string>
  /** Connects, locks and listens; fails when the connection is lost, to be started again. */
  readonly actor: ActorDefinition<never, ControlSessionLost>
}

export class ControlSessionLost extends Schema.TaggedError<ControlSessionLost>()("ControlSessionLost", {
  detail: Schema.String
}) {
  override get message(): string {
    return `the session with the control database is lost: ${this.detail}`
  }
}

/** A shared lock, so that our own half-dead former session never keeps us out. */
const hold = Effect.fnUntraced(function* (
  config: PgConnection.Config,
  key: bigint
): Effect.fn.Return<Queue.Dequeue<PgConnection.Notification, SqlError>, SqlError, Scope.Scope> {
  const connection = yield* Effect.flatMap(PgConnection.make(config), (made) => made.pin)
  yield* connection.query("SELECT pg_try_advisory_lock_shared($1::int8)", [key])
  return yield* connection.listen("walstream_jobs")
})

export const makeControlSession: Effect.Effect<ControlSession, never, PgClient.PgClient> = Effect.gen(
  function* () {
    const { config } = yield* PgClient.PgClient
    const key = randomBytes(8).readBigInt64BE()
    const ready = yield* Latch.make(false)
    const changed = yield* PubSub.sliding<string>(1024)

    const run = Effect.gen(function* () {
      const notifications = yield* hold(
        { ...config, applicationName: "walstream session", multiplex: false },
        key
      )
      yield* ready.open
      return yield* Queue.take(notifications).pipe(
        Effect.flatMap((notification) => PubSub.publish(changed, notification.payload)),
        Effect.forever
      )
    }).pipe(
      Effect.ensuring(ready.close),
      Effect.mapError((error) => new ControlSessionLost({ detail: explainSqlError(error).detail }))
    )

    return {
      key,
      held: ready.await,
      changes: Stream.fromPubSub(changed),
      actor: { name: "session", run: () => run }
    }
  }
)
