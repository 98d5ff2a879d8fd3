import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { type Scope, scopes } from "../api/Scope.ts"
import { parseApiKey } from "./ApiKeyText.ts"
import { digestOf, isSame } from "./Digest.ts"
import type { LoginChanges } from "./LoginChanges.ts"
import { makeLoginMemory } from "./LoginMemory.ts"
import { SessionUser, sessionUserColumns } from "./SessionUser.ts"
import { type UsersError, usersError } from "./UsersError.ts"

/** Whose a key is, what it was made for, and its end in milliseconds since 1970. */
export interface KeyHolder extends SessionUser {
  readonly keyId: string
  /** Of the secret that was shown. */
  readonly digest: string
  readonly scopes: ReadonlyArray<Scope>
  readonly until: number
}

/** The end of a key that has none. */
const never = Number.MAX_SAFE_INTEGER
/** Its last use is noted this often at most. */
const noteEveryMillis = 60_000
/** Keys whose last note is remembered at most. */
const most = 10_000

const decode = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      ...SessionUser.fields,
      scopes: Schema.String,
      digest: Schema.String,
      formerDigest: Schema.NullOr(Schema.String),
      formerUntil: Schema.NullOr(Schema.Finite),
      until: Schema.NullOr(Schema.Finite)
    })
  )
)

/** Finds out whose a key is that somebody shows. */
export class KeyHolders extends Context.Service<
  KeyHolders,
  {
    /** Null for what is no key, or none that holds. Notes that it was used. */
    readonly ofKey: (text: string) => Effect.Effect<KeyHolder | null, UsersError>
    /** Whoever has shown it before: null once it has another secret, and that one's time is over. */
    readonly ofShown: (keyId: string, digest: string) => Effect.Effect<KeyHolder | null, UsersError>
  }
>()("walstream/control/auth/KeyHolders") {
  static readonly layer: Layer.Layer<KeyHolders, never, PgClient.PgClient | LoginChanges> = Layer.effect(
    KeyHolders,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const noted = new Map<string, number>()

      const find = yield* makeLoginMemory((keyId) =>
        sql`SELECT ${sql.literal(sessionUserColumns)}, k.scopes, k.digest,
            k.former_digest AS "formerDigest",
            (extract(epoch FROM k.former_until) * 1000)::float8 AS "formerUntil",
            (extract(epoch FROM k.expires_at) * 1000)::float8 AS until
          FROM api_keys k JOIN users u ON u.id = k.user_id WHERE k.id = ${keyId}`.pipe(
          Effect.mapError(usersError),
          Effect.flatMap((rows) => Effect.orDie(decode(rows))),
          Effect.map(([row]) =>
            row === undefined
              ? null
              : { ...row, scopes: scopes.filter((scope) => row.scopes.split(" ").includes(scope)) }
          )
        )
      )

      /** A write of its own, whatever the request is. That it fails is nobody's concern. */
      const noteUse = (keyId: string, now: number) => {
        if (now - (noted.get(keyId) ?? 0) < noteEveryMillis) return Effect.void
        if (noted.size >= most) noted.clear()
        noted.set(keyId, now)
        return sql`UPDATE api_keys SET last_used_at = clock_timestamp() WHERE id = ${keyId}
          AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')`.pipe(
          Effect.catchTag("SqlError", (error) =>
            Effect.logWarning(`a key's use was not noted: ${usersError(error).detail}`)
          )
        )
      }

      const ofShown = Effect.fnUntraced(function* (keyId: string, digest: string) {
        const key = yield* find(keyId)
        const now = yield* Clock.currentTimeMillis
        if (key === null || (key.until !== null && key.until <= now)) return null
        const isFormer =
          key.formerDigest !== null && (key.formerUntil ?? 0) > now && isSame(key.formerDigest, digest)
        if (!isFormer && !isSame(key.digest, digest)) return null
        const { userId, username, role, isActive, until } = key
        return { userId, username, role, isActive, keyId, digest, scopes: key.scopes, until: until ?? never }
      })

      return KeyHolders.of({
        ofShown,
        ofKey: Effect.fnUntraced(function* (text) {
          const parts = parseApiKey(text)
          if (parts === undefined) return null
          const holder = yield* ofShown(parts.id, digestOf(parts.secret))
          if (holder !== null) yield* noteUse(parts.id, yield* Clock.currentTimeMillis)
          return holder
        })
      })
    })
  )
}
