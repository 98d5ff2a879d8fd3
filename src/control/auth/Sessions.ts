import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { caller } from "../http/Caller.ts"
import { digestOf } from "./Digest.ts"
import { LoginChanges } from "./LoginChanges.ts"
import { makeLoginMemory } from "./LoginMemory.ts"
import { newRefreshToken, parseRefreshToken, refreshTokenText } from "./RefreshToken.ts"
import { SessionUser, sessionUserColumns } from "./SessionUser.ts"
import { type UsersError, usersError } from "./UsersError.ts"

export interface SessionLimits {
  /** Without use for this long it is over. */
  readonly idleSeconds: number
  /** After this long it is over in any case. */
  readonly longestSeconds: number
}

/** A session that is gone on with. Times in milliseconds since 1970. */
export interface OpenSession {
  readonly id: string
  readonly userId: string
  /** Its end, however much it is used. */
  readonly until: number
  /** The next refresh token; null where another request has just been given it. */
  readonly refreshToken: string | null
}

/** Not ours, ended, past its time, or used before. */
export class RefreshRefused extends Schema.TaggedError<RefreshRefused>()("RefreshRefused", {
  /** The session whose token had been used: it is to be ended, for whoever else holds it, too. Null for no such one. */
  reused: Schema.NullOr(Schema.Struct({ id: Schema.String, userId: Schema.String }))
}) {}

/** Sessions that a user may have; of more the longest unused ends. */
const most = 50
/** How long after its use a refresh token still gets an access token: two tabs may have come at once. */
const graceSeconds = 10

const decodeUsers = Schema.decodeUnknownEffect(Schema.Array(SessionUser))

const decodeOpen = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ id: Schema.String, userId: Schema.String, until: Schema.Finite }))
)

const decodeFound = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      id: Schema.String,
      userId: Schema.String,
      until: Schema.Finite,
      isCurrent: Schema.Boolean,
      isRacing: Schema.Boolean,
      isLive: Schema.Boolean
    })
  )
)

/** Where people are logged in: opened by a password, gone on with by a refresh token, ended by time. */
export class Sessions extends Context.Service<
  Sessions,
  {
    /**
     * A new one, whatever the browser had before; null where the user has another password since its own was held against this
     * hash, or was disabled: all its sessions were ended, and this would be one more.
     */
    readonly open: (userId: string, passwordHash: string) => Effect.Effect<OpenSession | null, UsersError>
    /** Goes on with it, under another refresh token. */
    readonly refresh: (token: string) => Effect.Effect<OpenSession, UsersError | RefreshRefused>
    /** Whose it is; null when it has ended. Remembered. */
    readonly userOf: (id: string) => Effect.Effect<SessionUser | null, UsersError>
    /** Whether the user is there and may log in, asked anew. */
    readonly isActive: (userId: string) => Effect.Effect<boolean, UsersError>
  }
>()("walstream/control/auth/Sessions") {
  static readonly layer = ({
    idleSeconds,
    longestSeconds
  }: SessionLimits): Layer.Layer<Sessions, never, PgClient.PgClient | LoginChanges> =>
    Layer.effect(
      Sessions,
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const changes = yield* LoginChanges
        const until = sql.literal("(extract(epoch FROM s.ends_at) * 1000)::float8 AS until")
        const isLive = sql`(s.ends_at > clock_timestamp()
          AND s.used_at > clock_timestamp() - make_interval(secs => ${idleSeconds}))`

        const userOf = yield* makeLoginMemory((id) =>
          sql`SELECT ${sql.literal(sessionUserColumns)}
            FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.id::text = ${id} AND s.ends_at > clock_timestamp()`.pipe(
            Effect.mapError(usersError),
            Effect.flatMap((rows) => Effect.orDie(decodeUsers(rows))),
            Effect.map(([row]) => row ?? null)
          )
        )

        /** Those of a user that are over, and those that are too many. */
        const makeRoom = (userId: string) =>
          sql`DELETE FROM sessions s WHERE s.user_id::text = ${userId} AND (NOT ${isLive} OR s.id IN (
            SELECT id FROM sessions WHERE user_id::text = ${userId} ORDER BY used_at DESC OFFSET ${most}))`

        const remove = (id: string, userId: string) =>
          Effect.andThen(sql`DELETE FROM sessions WHERE id::text = ${id}`, changes.tell(userId))

        return Sessions.of({
          userOf,
          isActive: (userId) =>
            sql`SELECT 1 AS one FROM users WHERE id::text = ${userId} AND is_active`.pipe(
              Effect.mapBoth({ onFailure: usersError, onSuccess: (rows) => rows.length > 0 })
            ),
          open: (userId, passwordHash) =>
            Effect.gen(function* () {
              const { address, userAgent } = yield* caller
              const token = newRefreshToken()
              const rows = yield* sql`
                INSERT INTO sessions AS s (user_id, family_digest, refresh_digest, address, user_agent, ends_at)
                SELECT id, ${digestOf(token.family)}, ${digestOf(token.secret)}, ${address}, ${userAgent},
                  clock_timestamp() + make_interval(secs => ${longestSeconds})
                FROM users WHERE id::text = ${userId} AND is_active AND password_hash = ${passwordHash} FOR SHARE
                RETURNING s.id::text AS id, s.user_id::text AS "userId", ${until}`
              const [made] = yield* Effect.orDie(decodeOpen(rows))
              if (made === undefined) return null
              // Behind the user's lock, as whatever ends all of its sessions.
              yield* makeRoom(userId)
              return { ...made, refreshToken: refreshTokenText(token) }
            }).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error)))),

          refresh: (text) =>
            Effect.gen(function* () {
              const token = parseRefreshToken(text)
              if (token === undefined) return yield* new RefreshRefused({ reused: null })
              const family = digestOf(token.family)
              const secret = digestOf(token.secret)
              const next = newRefreshToken(token.family)
              const rotated = yield* sql`
                UPDATE sessions s SET refresh_digest = ${digestOf(next.secret)}, previous_digest = s.refresh_digest,
                  used_at = clock_timestamp()
                FROM users u
                WHERE s.family_digest = ${family} AND s.refresh_digest = ${secret} AND u.id = s.user_id AND u.is_active
                  AND ${isLive}
                RETURNING s.id::text AS id, s.user_id::text AS "userId", ${until}`
              const [gone] = yield* Effect.orDie(decodeOpen(rotated))
              if (gone !== undefined) return { ...gone, refreshToken: refreshTokenText(next) }

              const rows = yield* sql`
                SELECT s.id::text AS id, s.user_id::text AS "userId", ${until},
                  s.refresh_digest = ${secret} AS "isCurrent", u.is_active AND ${isLive} AS "isLive",
                  s.previous_digest IS NOT DISTINCT FROM ${secret}
                    AND s.used_at > clock_timestamp() - make_interval(secs => ${graceSeconds}) AS "isRacing"
                FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.family_digest = ${family}`
              const [found] = yield* Effect.orDie(decodeFound(rows))
              if (found === undefined) return yield* new RefreshRefused({ reused: null })
              const { id, userId, isCurrent, isRacing, isLive: live } = found
              if (isRacing && live) return { id, userId, until: found.until, refreshToken: null }
              if (!isCurrent) return yield* new RefreshRefused({ reused: { id, userId } })
              // Past its time, or its user's was disabled.
              yield* remove(id, userId)
              return yield* new RefreshRefused({ reused: null })
            }).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(usersError(error))))
        })
      })
    )
}
