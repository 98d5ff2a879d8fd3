import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { SessionJson } from "../api/SessionJson.ts"
import { timeText } from "../SqlTime.ts"
import { digestOf } from "./Digest.ts"
import { EndedSession, endedColumns } from "./EndedSession.ts"
import { LoginChanges } from "./LoginChanges.ts"
import { parseRefreshToken } from "./RefreshToken.ts"
import { type UsersError, usersError } from "./UsersError.ts"

const { is_current: _, ...kept } = SessionJson.fields
const KeptSession = Schema.Struct(kept)
export type KeptSession = typeof KeptSession.Type
const decode = Schema.decodeUnknownEffect(Schema.Array(KeptSession))
const decodeEnded = Schema.decodeUnknownEffect(Schema.Array(EndedSession))

/** Where a user is logged in, and ending it from elsewhere: access, streams and refresh alike. */
export class SessionList extends Context.Service<
  SessionList,
  {
    /** Those that have not ended, what was used last first. */
    readonly of: (userId: string) => Effect.Effect<ReadonlyArray<KeptSession>, UsersError>
    /** Null where this user has no such session. */
    readonly end: (userId: string, id: string) => Effect.Effect<EndedSession | null, UsersError>
    /** The one that this refresh token is of, whichever of its tokens it is; null where it is of none. */
    readonly endByToken: (token: string) => Effect.Effect<EndedSession | null, UsersError>
    /** All of a user's, or all but one. */
    readonly endAll: (
      userId: string,
      exceptId?: string
    ) => Effect.Effect<ReadonlyArray<EndedSession>, UsersError>
  }
>()("walstream/control/auth/SessionList") {
  static readonly layer: Layer.Layer<SessionList, never, PgClient.PgClient | LoginChanges> = Layer.effect(
    SessionList,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const changes = yield* LoginChanges

      const endWhere = (condition: Fragment) =>
        sql`WITH gone AS (DELETE FROM sessions WHERE ${condition} RETURNING *)
          SELECT ${sql.literal(endedColumns)} FROM gone JOIN users u ON u.id = gone.user_id`.pipe(
          Effect.mapError(usersError),
          Effect.flatMap((rows) => Effect.orDie(decodeEnded(rows))),
          Effect.tap((ended) =>
            Effect.forEach(new Set(ended.map(({ userId }) => userId)), changes.tell, { discard: true })
          )
        )
      const endOne = (condition: Fragment) => Effect.map(endWhere(condition), ([ended]) => ended ?? null)

      return SessionList.of({
        of: (userId) =>
          sql`SELECT id::text AS id, ${sql.literal(timeText("created_at"))} AS created_at,
              ${sql.literal(timeText("used_at"))} AS last_used_at, ${sql.literal(timeText("ends_at"))} AS expires_at,
              address, user_agent
            FROM sessions WHERE user_id::text = ${userId} AND ends_at > clock_timestamp()
            ORDER BY used_at DESC`.pipe(
            Effect.mapError(usersError),
            Effect.flatMap((rows) => Effect.orDie(decode(rows)))
          ),
        end: (userId, id) => endOne(sql`user_id::text = ${userId} AND id::text = ${id}`),
        endByToken: (text) => {
          const token = parseRefreshToken(text)
          return token === undefined
            ? Effect.succeed(null)
            : endOne(sql`family_digest = ${digestOf(token.family)}`)
        },
        endAll: (userId, exceptId = "") =>
          endWhere(sql`user_id::text = ${userId} AND id::text <> ${exceptId}`)
      })
    })
  )
}
