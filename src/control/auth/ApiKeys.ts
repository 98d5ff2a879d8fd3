import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { ApiKeyJson } from "../api/ApiKeyJson.ts"
import type { Scope } from "../api/Scope.ts"
import type { PagePlace } from "../KeysetPage.ts"
import { timeText } from "../SqlTime.ts"
import { apiKeyText, newKeyId, newKeySecret } from "./ApiKeyText.ts"
import { digestOf } from "./Digest.ts"
import { LoginChanges } from "./LoginChanges.ts"
import { type UsersError, usersError } from "./UsersError.ts"

export interface NewKey {
  readonly name: string
  readonly scopes: ReadonlyArray<Scope>
  /** RFC 3339; null for none. */
  readonly expiresAt: string | null
}

export class KeyNotFound extends Schema.TaggedError<KeyNotFound>()("KeyNotFound", {}) {}

/** It is at another version than was asked for. */
export class KeyChanged extends Schema.TaggedError<KeyChanged>()("KeyChanged", { version: Schema.Int }) {}

/** With its text, which is nowhere else and never shown again. */
export interface ShownKey {
  readonly key: ApiKeyJson
  readonly text: string
}

const decode = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ ...ApiKeyJson.fields, scopes: Schema.String }))
)
const decodeScopes = Schema.decodeUnknownEffect(ApiKeyJson.fields.scopes)

/** Of `api_keys k` with its `users u`. */
const columns = `k.id, k.name, k.scopes, u.id::text AS user_id, u.username, ${timeText("k.created_at")} AS created_at,
  ${timeText("k.expires_at")} AS expires_at, ${timeText("k.last_used_at")} AS last_used_at,
  CASE WHEN k.former_until > clock_timestamp() THEN ${timeText("k.former_until")} END AS former_until, k.version`

/** Keys for programs: made, listed, changed and removed by people. */
export class ApiKeys extends Context.Service<
  ApiKeys,
  {
    /** Newest first; `after` the last one of the page before. */
    readonly list: (page: {
      readonly limit: number
      readonly after: PagePlace | null
    }) => Effect.Effect<ReadonlyArray<ApiKeyJson>, UsersError>
    readonly create: (userId: string, asked: NewKey) => Effect.Effect<ShownKey, UsersError>
    /**
     * Another secret for a key of this user; the one before is good for some seconds more. Undefined for `expiresAt` leaves
     * its end. `versions`: only while it is at one of them; null for whatever it is at.
     */
    readonly rotate: (
      userId: string,
      id: string,
      asked: { readonly overlapSeconds: number; readonly expiresAt: string | null | undefined },
      versions: ReadonlyArray<number> | null
    ) => Effect.Effect<ShownKey & { readonly before: ApiKeyJson }, UsersError | KeyNotFound | KeyChanged>
    /** What it was, whosever it was. It is good for nothing from now on. */
    readonly remove: (
      id: string,
      versions: ReadonlyArray<number> | null
    ) => Effect.Effect<ApiKeyJson, UsersError | KeyNotFound | KeyChanged>
  }
>()("walstream/control/auth/ApiKeys") {
  static readonly layer: Layer.Layer<ApiKeys, never, PgClient.PgClient | LoginChanges> = Layer.effect(
    ApiKeys,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const changes = yield* LoginChanges
      const shown = sql.literal(columns)

      const keysOf = Effect.fnUntraced(function* (found: ReadonlyArray<object>) {
        const rows = yield* Effect.orDie(decode(found))
        return yield* Effect.forEach(rows, (row) =>
          Effect.map(Effect.orDie(decodeScopes(row.scopes.split(" "))), (scopes) => ({ ...row, scopes }))
        )
      })

      /** Kept as it is until the transaction's end. `userId`: only where it is this user's. */
      const held = Effect.fnUntraced(function* (
        id: string,
        versions: ReadonlyArray<number> | null,
        userId?: string
      ) {
        const rows = yield* sql`SELECT ${shown} FROM api_keys k JOIN users u ON u.id = k.user_id
          WHERE k.id = ${id} FOR UPDATE OF k`
        const [key] = yield* keysOf(rows)
        if (key === undefined || (userId !== undefined && key.user_id !== userId))
          return yield* new KeyNotFound()
        if (versions !== null && !versions.includes(key.version)) {
          return yield* new KeyChanged({ version: key.version })
        }
        return key
      })

      /** Whoever shows the key is asked anew from its end on. */
      const inTransaction = <A extends { readonly before: ApiKeyJson }>(
        work: () => Generator<Effect.Effect<unknown, SqlError | KeyNotFound | KeyChanged>, A, never>
      ) =>
        sql.withTransaction(Effect.gen(work)).pipe(
          Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error))),
          Effect.tap(({ before }) => changes.tell(before.user_id))
        )

      return ApiKeys.of({
        list: ({ limit, after }) =>
          sql`SELECT ${shown} FROM api_keys k JOIN users u ON u.id = k.user_id
            WHERE ${after?.at ?? null}::timestamptz IS NULL
              OR (k.created_at, k.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? ""})
            ORDER BY k.created_at DESC, k.id DESC LIMIT ${limit}`.pipe(
            Effect.mapError(usersError),
            Effect.flatMap(keysOf)
          ),

        create: (userId, { name, scopes, expiresAt }) =>
          Effect.gen(function* () {
            const [id, secret] = [newKeyId(), newKeySecret()]
            const rows = yield* sql`
              WITH k AS (
                INSERT INTO api_keys (id, user_id, name, scopes, digest, expires_at)
                VALUES (${id}, ${userId}::uuid, ${name}, ${scopes.join(" ")}, ${digestOf(secret)}, ${expiresAt}::timestamptz)
                RETURNING *)
              SELECT ${shown} FROM k JOIN users u ON u.id = k.user_id`.pipe(Effect.mapError(usersError))
            const [key] = yield* keysOf(rows)
            if (key === undefined) return yield* Effect.die(new Error("no key was made"))
            return { key, text: apiKeyText({ id, secret }) }
          }),

        rotate: (userId, id, { overlapSeconds, expiresAt }, versions) =>
          inTransaction(function* () {
            const before = yield* held(id, versions, userId)
            const secret = newKeySecret()
            const rows = yield* sql`
              WITH k AS (
                UPDATE api_keys SET former_digest = digest, digest = ${digestOf(secret)}, version = version + 1,
                  former_until = clock_timestamp() + make_interval(secs => ${overlapSeconds}),
                  expires_at = CASE WHEN ${expiresAt === undefined} THEN expires_at ELSE ${expiresAt ?? null}::timestamptz END
                WHERE id = ${id} RETURNING *)
              SELECT ${shown} FROM k JOIN users u ON u.id = k.user_id`
            const [key = before] = yield* keysOf(rows)
            return { before, key, text: apiKeyText({ id, secret }) }
          }),

        remove: (id, versions) =>
          inTransaction(function* () {
            const before = yield* held(id, versions)
            yield* sql`DELETE FROM api_keys WHERE id = ${id}`
            return { before }
          }).pipe(Effect.map(({ before }) => before))
      })
    })
  )
}
