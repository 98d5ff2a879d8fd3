import { Schema } from "effect"

/** A session that was just ended, and whose it was. */
export const EndedSession = Schema.Struct({
  id: Schema.String,
  userId: Schema.String,
  username: Schema.String,
  address: Schema.String,
  user_agent: Schema.String
})
export type EndedSession = typeof EndedSession.Type

/** Of the removed rows `gone`, with their `users u`. */
export const endedColumns = `gone.id::text AS id, u.id::text AS "userId", u.username, gone.address, gone.user_agent`
