import { Schema } from "effect"
import { Time } from "./Fields.ts"

export const SessionJson = Schema.Struct({
  id: Schema.String,
  /** The one that the request was made in. */
  is_current: Schema.Boolean,
  created_at: Time,
  /** Of the last login or refresh. */
  last_used_at: Time,
  /** Its end, however much it is used. */
  expires_at: Time,
  address: Schema.String,
  user_agent: Schema.String
}).annotate({ identifier: "Session" })
export type SessionJson = typeof SessionJson.Type
