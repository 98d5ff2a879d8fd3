import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, type Redacted, Schema, Semaphore } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { type Role, roles } from "../api/Role.ts"
import { explainSqlError } from "../ControlDatabase.ts"
import { hashPassword, matchesPassword } from "./PasswordHash.ts"

export interface User {
  readonly id: string
  readonly username: string
  readonly role: Role
}

export class UsersError extends Schema.TaggedError<UsersError>()("UsersError", {
  detail: Schema.String,
  isRetryable: Schema.Boolean
}) {
  override get message(): string {
    return `users: ${this.detail}`
  }
}

/** More logins at once than passwords can be checked: come back in a second. */
export class TooManyLogins extends Schema.TaggedError<TooManyLogins>()("TooManyLogins", {}) {}

const Row = Schema.Struct({
  id: Schema.String,
  username: Schema.String,
  password_hash: Schema.String,
  role: Schema.Literals(roles),
  is_active: Schema.Boolean
})
const decodeRows = Schema.decodeUnknownEffect(Schema.Array(Row))

/** What an unknown name is checked against, so that it takes as long as a wrong password. No password matches it. */
const nobody = `$argon2id$v=19$m=19456,t=2,p=1$${"A".repeat(22)}$${"A".repeat(43)}`

/** Passwords checked at the same time, and logins that may wait for it. Each check takes 19 MiB. */
const atOnce = 2
const waiting = 32

/** People who may log in, in the control database. */
export class Users extends Context.Service<
  Users,
  {
    /** None for an unknown name, a wrong password and a disabled user alike. */
    readonly login: (
      username: string,
      password: Redacted.Redacted
    ) => Effect.Effect<Option.Option<User>, UsersError | TooManyLogins>
    /** Creates this admin if there is no user at all; gives whether it did. */
    readonly bootstrap: (username: string, password: Redacted.Redacted) => Effect.Effect<boolean, UsersError>
  }
>()("walstream/control/auth/Users") {
  static readonly layer = Layer.effect(
    Users,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const permits = yield* Semaphore.make(atOnce)
      let pending = 0

      const failed = (error: SqlError) => new UsersError(explainSqlError(error))
      const find = (username: string) =>
        sql`SELECT id::text AS id, username, password_hash, role, is_active FROM users
          WHERE lower(username) = lower(${username})`.pipe(
          Effect.mapError(failed),
          Effect.flatMap((rows) => Effect.orDie(decodeRows(rows))),
          Effect.map(([row]) => row)
        )
      const check = (password: Redacted.Redacted, hash: string) =>
        Effect.suspend(() => {
          if (pending >= waiting) return Effect.fail(new TooManyLogins())
          pending += 1
          return permits
            .withPermits(1)(matchesPassword(password, hash))
            .pipe(
              Effect.ensuring(
                Effect.sync(() => {
                  pending -= 1
                })
              )
            )
        })

      return {
        login: Effect.fnUntraced(function* (username, password) {
          const row = yield* find(username)
          const matches = yield* check(password, row?.password_hash ?? nobody)
          if (row === undefined || !matches || !row.is_active) return Option.none()
          return Option.some({ id: row.id, username: row.username, role: row.role })
        }),
        bootstrap: Effect.fnUntraced(function* (username, password) {
          const hash = yield* hashPassword(password)
          const made = yield* sql`
            INSERT INTO users (username, password_hash, role)
            SELECT ${username}::text, ${hash}::text, 'admin' WHERE NOT EXISTS (SELECT FROM users)
            ON CONFLICT DO NOTHING RETURNING 1 AS one`.pipe(Effect.mapError(failed))
          return made.length > 0
        })
      }
    })
  )
}
