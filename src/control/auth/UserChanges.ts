import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import type { UserJson, UserUpdate } from "../api/UserJson.ts"
import type { PagePlace } from "../KeysetPage.ts"
import { LoginChanges } from "./LoginChanges.ts"
import { decodeUsers, userColumns } from "./Users.ts"
import { type UsersError, usersError } from "./UsersError.ts"

export class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", {}) {}

/** It would leave nobody who may administer. */
export class LastAdminKept extends Schema.TaggedError<LastAdminKept>()("LastAdminKept", {}) {}

/** It is at another version than was asked for. */
export class UserChanged extends Schema.TaggedError<UserChanged>()("UserChanged", { version: Schema.Int }) {}

type Refused = UserNotFound | LastAdminKept | UserChanged

/** What admins do with users. */
export class UserChanges extends Context.Service<
  UserChanges,
  {
    /** Newest first; `after` the last one of the page before. */
    readonly list: (page: {
      readonly limit: number
      readonly after: PagePlace | null
    }) => Effect.Effect<ReadonlyArray<UserJson>, UsersError>
    readonly isThere: (id: string) => Effect.Effect<boolean, UsersError>
    /**
     * `versions`: only while it is at one of them; null for whatever it is at. Who is disabled is logged out everywhere,
     * and stays so when it may log in again.
     */
    readonly update: (
      id: string,
      change: UserUpdate,
      versions: ReadonlyArray<number> | null
    ) => Effect.Effect<{ readonly before: UserJson; readonly after: UserJson }, UsersError | Refused>
  }
>()("walstream/control/auth/UserChanges") {
  static readonly layer: Layer.Layer<UserChanges, never, PgClient.PgClient | LoginChanges> = Layer.effect(
    UserChanges,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const changes = yield* LoginChanges
      const columns = sql.literal(userColumns)

      const change = Effect.fnUntraced(function* (
        id: string,
        { role, is_active: isActive }: UserUpdate,
        versions: ReadonlyArray<number> | null
      ) {
        // Whoever takes the last but one away at the same time waits here, and then sees that it is the last.
        const admins = yield* sql<{ readonly id: string }>`SELECT id::text AS id FROM users
          WHERE role = 'admin' AND is_active ORDER BY id FOR UPDATE`
        const found = yield* sql`SELECT ${columns} FROM users WHERE id::text = ${id} FOR UPDATE`
        const [before] = yield* Effect.orDie(decodeUsers(found))
        if (before === undefined) return yield* new UserNotFound()
        if (versions !== null && !versions.includes(before.version)) {
          return yield* new UserChanged({ version: before.version })
        }
        const next = { role: role ?? before.role, is_active: isActive ?? before.is_active }
        if (next.role === before.role && next.is_active === before.is_active) return { before, after: before }
        const isAdmin = next.role === "admin" && next.is_active
        if (!isAdmin && admins.length === 1 && admins[0]?.id === id) return yield* new LastAdminKept()
        const updated = yield* sql`UPDATE users SET role = ${next.role}, is_active = ${next.is_active},
          version = version + 1 WHERE id::text = ${id} RETURNING ${columns}`
        if (!next.is_active) {
          yield* sql`DELETE FROM sessions WHERE user_id::text = ${id}`
          yield* sql`DELETE FROM password_codes WHERE user_id::text = ${id}`
        }
        const [after] = yield* Effect.orDie(decodeUsers(updated))
        return { before, after: after ?? before }
      })

      return UserChanges.of({
        list: ({ limit, after }) =>
          sql`SELECT ${columns} FROM users
            WHERE ${after?.at ?? null}::timestamptz IS NULL
              OR (users.created_at, users.id::text) < (${after?.at ?? null}::timestamptz, ${after?.id ?? ""})
            ORDER BY users.created_at DESC, users.id::text DESC LIMIT ${limit}`.pipe(
            Effect.mapError(usersError),
            Effect.flatMap((rows) => Effect.orDie(decodeUsers(rows)))
          ),
        isThere: (id) =>
          sql`SELECT 1 AS one FROM users WHERE id::text = ${id}`.pipe(
            Effect.mapBoth({ onFailure: usersError, onSuccess: (rows) => rows.length > 0 })
          ),
        update: (id, asked, versions) =>
          sql.withTransaction(change(id, asked, versions)).pipe(
            Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error))),
            Effect.tap(changes.tell(id))
          )
      })
    })
  )
}
