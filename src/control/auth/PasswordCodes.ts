import { randomBytes } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { type NewUserByAdmin, UserJson, type UserWithCode } from "../api/UserJson.ts"
import { timeText } from "../SqlTime.ts"
import { digestOf } from "./Digest.ts"
import { noPassword } from "./Passwords.ts"
import { UserNotFound } from "./UserChanges.ts"
import { decodeUsers, userColumns } from "./Users.ts"
import { type UsersError, usersError } from "./UsersError.ts"

/** How long a code is good for (ASVS 6.4.1). */
const hours = 24

/** 256 bits. */
const newCode = (): string => randomBytes(32).toString("base64url")

const Holder = Schema.Struct({
  id: UserJson.fields.id,
  username: Schema.String,
  email: UserJson.fields.email
})
type Holder = typeof Holder.Type
const decodeHolders = Schema.decodeUnknownEffect(Schema.Array(Holder))
const decodeEnds = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ at: Schema.String })))

/**
 * How people whom an admin lets in get a password that nobody else knows: by a code that the admin is shown once and hands on. Until
 * it is used the user has none, and so nobody is let in.
 */
export class PasswordCodes extends Context.Service<
  PasswordCodes,
  {
    /** Makes a user; null where its name or address is somebody's. */
    readonly invite: (user: NewUserByAdmin) => Effect.Effect<UserWithCode | null, UsersError>
    /** The password that it has is good for nothing any more. */
    readonly reset: (userId: string) => Effect.Effect<UserWithCode, UsersError | UserNotFound>
    /** Whose a code is; null where it is none, was used, is past its time, or its user is disabled. */
    readonly holderOf: (code: string) => Effect.Effect<Holder | null, UsersError>
    /** Uses it up, for a password with this hash; null as above. */
    readonly redeem: (code: string, passwordHash: string) => Effect.Effect<Holder | null, UsersError>
  }
>()("walstream/control/auth/PasswordCodes") {
  static readonly layer: Layer.Layer<PasswordCodes, never, PgClient.PgClient> = Layer.effect(
    PasswordCodes,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const columns = sql.literal(userColumns)

      /** In place of the one that it may have had. */
      const issue = Effect.fnUntraced(function* (user: UserJson) {
        const code = newCode()
        const rows = yield* sql`
          INSERT INTO password_codes AS c (user_id, digest, expires_at)
          VALUES (${user.id}::uuid, ${digestOf(code)}, clock_timestamp() + make_interval(hours => ${hours}))
          ON CONFLICT (user_id) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at
          RETURNING ${sql.literal(timeText("c.expires_at"))} AS at`
        const [end] = yield* Effect.orDie(decodeEnds(rows))
        return { ...user, code, code_expires_at: end?.at ?? "" }
      })

      /** `lock`: in this order wherever both are changed. */
      const look = (code: string, lock: string) =>
        Effect.flatMap(
          sql`SELECT u.id::text AS id, u.username, u.email FROM password_codes c JOIN users u ON u.id = c.user_id
            WHERE c.digest = ${digestOf(code)} AND c.expires_at > clock_timestamp() AND u.is_active ${sql.literal(lock)}`,
          (rows) => Effect.map(Effect.orDie(decodeHolders(rows)), ([holder]) => holder ?? null)
        )

      return PasswordCodes.of({
        invite: ({ username, email = null, role }) =>
          sql
            .withTransaction(
              Effect.gen(function* () {
                const rows = yield* sql`INSERT INTO users (username, email, password_hash, role)
                  VALUES (${username}, ${email}, ${noPassword}, ${role})
                  ON CONFLICT DO NOTHING RETURNING ${columns}`
                const [made] = yield* Effect.orDie(decodeUsers(rows))
                return made === undefined ? null : yield* issue(made)
              })
            )
            .pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error)))),

        reset: (userId) =>
          sql
            .withTransaction(
              Effect.gen(function* () {
                const rows = yield* sql`UPDATE users SET password_hash = ${noPassword}, version = version + 1
                  WHERE id::text = ${userId} RETURNING ${columns}`
                const [user] = yield* Effect.orDie(decodeUsers(rows))
                return yield* user === undefined ? new UserNotFound() : issue(user)
              })
            )
            .pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error)))),

        holderOf: (code) => Effect.mapError(look(code, ""), usersError),

        redeem: (code, passwordHash) =>
          sql
            .withTransaction(
              Effect.gen(function* () {
                const holder = yield* look(code, "FOR UPDATE OF u")
                if (holder === null) return null
                // Used, or replaced, while this one waited.
                const used =
                  yield* sql`DELETE FROM password_codes WHERE digest = ${digestOf(code)} RETURNING 1 AS one`
                if (used.length === 0) return null
                yield* sql`UPDATE users SET password_hash = ${passwordHash}, version = version + 1 WHERE id::text = ${holder.id}`
                return holder
              })
            )
            .pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error))))
      })
    })
  )
}
