import { PgClient, PgConnection } from "@effect/sql-pg"
import { Context, Effect, Layer, PubSub, Queue, type Scope } from "effect"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { spawnKept } from "../../runtime/KeptActor.ts"
import { afterCommit } from "../AfterCommit.ts"
import { explainSqlError } from "../ControlDatabase.ts"
import { ControlSessionLost } from "../ControlSession.ts"

/** Anybody's login may have changed: what was said in between is lost. */
export const anybody = ""

/**
 * Whose logins have changed: a user's role, activity, sessions or keys. The control database tells it by NOTIFY, whoever
 * changed it; what is changed by this process is known here at once.
 */
export class LoginChanges extends Context.Service<
  LoginChanges,
  {
    /** Whether the control database is listened to, so that silence means that nothing has changed. */
    readonly isListening: () => boolean
    /** Runs for each user's id, or `anybody`, before anybody else hears of it. */
    readonly onChange: (forget: (user: string) => void) => void
    /** The same, for those who wait. */
    readonly subscribe: Effect.Effect<PubSub.Subscription<string>, never, Scope.Scope>
    /** This process has changed a login of this user: said when the transaction that is open has committed. */
    readonly tell: (user: string) => Effect.Effect<void>
  }
>()("walstream/control/auth/LoginChanges") {
  static readonly layer: Layer.Layer<LoginChanges, never, PgClient.PgClient | ActorSystem> = Layer.effect(
    LoginChanges,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const changed = yield* PubSub.sliding<string>(1024)
      const listeners: Array<(user: string) => void> = []
      let isListening = false

      const tell = (user: string) =>
        Effect.suspend(() => {
          for (const forget of listeners) forget(user)
          return PubSub.publish(changed, user)
        })

      const listen = Effect.gen(function* () {
        const config = { ...sql.config, applicationName: "walstream logins", multiplex: false }
        const connection = yield* Effect.flatMap(PgConnection.make(config), (made) => made.pin)
        const notifications = yield* connection.listen("walstream_users")
        yield* tell(anybody)
        isListening = true
        return yield* Queue.take(notifications).pipe(
          Effect.flatMap(({ payload }) => tell(payload)),
          Effect.forever
        )
      }).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            isListening = false
          })
        ),
        Effect.scoped
      )

      yield* spawnKept({
        group: "logins",
        name: "changes",
        run: Effect.mapError(
          listen,
          (error) => new ControlSessionLost({ detail: explainSqlError(error).detail })
        )
      })

      return {
        isListening: () => isListening,
        onChange: (forget) => void listeners.push(forget),
        subscribe: PubSub.subscribe(changed),
        tell: (user) => afterCommit(Effect.asVoid(tell(user)))
      }
    })
  )
}
