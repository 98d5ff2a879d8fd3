import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, type Redacted, Schema } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { type Role, roles } from "../api/Role.ts"
import { UserJson } from "../api/UserJson.ts"
import { timeText } from "../SqlTime.ts"
import { Passwords, type TooManyLogins } from "./Passwords.ts"
import { type UsersError, usersError } from "./UsersError.ts"

export interface User {
  readonly id: string
  readonly username: string
  readonly role: Role
  /** What its password was held against. */
  readonly passwordHash: string
}

export interface Registration {
  readonly username: string
  readonly email: string
  readonly password: Redacted.Redacted
}

/** Why nobody was registered. */
export type NotRegistered = "closed" | "taken"

/** What is shown of a user: the columns of `UserJson`. */
export const userColumns = `id::text AS id, username, email, role, is_active, ${timeText("created_at")} AS created_at, version`
export const decodeUsers = Schema.decodeUnknownEffect(Schema.Array(UserJson))

const decodeRows = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      id: Schema.String,
      username: Schema.String,
      password_hash: Schema.String,
      role: Schema.Literals(roles),
      is_active: Schema.Boolean
    })
  )
)

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
    readonly bootstrap: (
      username: string,
      password: Redacted.Redacted
    ) => Effect.Effect<boolean, UsersError | TooManyLogins>
    /**
     * The first user is admin; others are viewers, and let in only where it is open. Hashes, and gives what is then to be done:
     * no transaction is to be open while a password is hashed.
     */
    readonly register: (
      registration: Registration,
      isOpen: boolean
    ) => Effect.Effect<Effect.Effect<UserJson | NotRegistered, UsersError>, UsersError | TooManyLogins>
    /** What is kept of it. */
    readonly hash: (password: Redacted.Redacted) => Effect.Effect<string, TooManyLogins>
    /** As registering. What is to be done gives whether the current password was right, and is changed. */
    readonly changePassword: (
      id: string,
      current: Redacted.Redacted,
      next: Redacted.Redacted
    ) => Effect.Effect<Effect.Effect<boolean, UsersError>, UsersError | TooManyLogins>
  }
>()("walstream/control/auth/Users") {
  static readonly layerNoDeps: Layer.Layer<Users, never, PgClient.PgClient | Passwords> = Layer.effect(
    Users,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const passwords = yield* Passwords

      const findBy = (condition: Fragment) =>
        sql`SELECT id::text AS id, username, password_hash, role, is_active FROM users WHERE ${condition}`.pipe(
          Effect.mapError(usersError),
          Effect.flatMap((rows) => Effect.orDie(decodeRows(rows))),
          Effect.map(([row]) => row)
        )
      const isEmpty = Effect.map(sql`SELECT 1 AS one FROM users LIMIT 1`, (rows) => rows.length === 0)

      /** Whoever comes while somebody is let in waits, and then finds out whether it is still the first. */
      const create = (username: string, email: string | null, hash: string, isOpen: boolean) =>
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE`
            const isFirst = yield* isEmpty
            if (!isFirst && !isOpen) return "closed" as const
            const rows = yield* sql`INSERT INTO users (username, email, password_hash, role)
              VALUES (${username}, ${email}, ${hash}, ${isFirst ? "admin" : "viewer"})
              ON CONFLICT DO NOTHING RETURNING ${sql.literal(userColumns)}`
            const [made] = yield* Effect.orDie(decodeUsers(rows))
            return made ?? ("taken" as const)
          })
        )

      return Users.of({
        hash: passwords.hash,
        login: Effect.fnUntraced(function* (username, password) {
          const row = yield* findBy(sql`lower(username) = lower(${username})`)
          const matches = yield* passwords.matches(password, row?.password_hash)
          if (row === undefined || !matches || !row.is_active) return Option.none()
          return Option.some({
            id: row.id,
            username: row.username,
            role: row.role,
            passwordHash: row.password_hash
          })
        }),
        bootstrap: (username, password) =>
          Effect.gen(function* () {
            if (!(yield* isEmpty)) return false
            const hash = yield* passwords.hash(password)
            return yield* sql.withTransaction(
              Effect.gen(function* () {
                const made = yield* create(username, null, hash, false)
                if (typeof made === "string") return false
                const { id, ...user } = made
                yield* sql`INSERT INTO audit_log (actor, action, target, outcome, door, after)
                  VALUES ('system', 'users.bootstrap', ${id}, 'done', 'system', ${sql.json(user)})`
                return true
              })
            )
          }).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error)))),
        register: ({ username, email, password }, isOpen) =>
          Effect.gen(function* () {
            // Strangers are turned away before anything of theirs is looked at.
            if (!isOpen && !(yield* isEmpty)) return Effect.succeed("closed" as const)
            const hash = yield* passwords.hash(password)
            return Effect.mapError(create(username, email, hash, isOpen), usersError)
          }).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error)))),
        changePassword: (id, current, next) =>
          Effect.gen(function* () {
            const row = yield* findBy(sql`id::text = ${id}`)
            const isRight = yield* passwords.matches(current, row?.password_hash)
            if (!isRight || row === undefined) return Effect.succeed(false)
            const hash = yield* passwords.hash(next)
            // Not over a change that came meanwhile.
            return sql`UPDATE users SET password_hash = ${hash}, version = version + 1
              WHERE id::text = ${id} AND password_hash = ${row.password_hash} RETURNING 1 AS one`.pipe(
              Effect.mapBoth({ onFailure: usersError, onSuccess: (changed) => changed.length > 0 })
            )
          })
      })
    })
  )
  static readonly layer = Layer.provide(this.layerNoDeps, Passwords.layer)
}
