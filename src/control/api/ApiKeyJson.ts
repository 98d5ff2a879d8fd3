import { Schema } from "effect"
import { Time } from "./Fields.ts"
import { scopes } from "./Scope.ts"

export const ApiKeyJson = Schema.Struct({
  /** Stands in the key itself, behind `wsk_`. */
  id: Schema.String,
  name: Schema.String,
  scopes: Schema.Array(Schema.Literals(scopes)),
  /** Whose it is: it may never do more than that user may at present. */
  user_id: Schema.String,
  username: Schema.String,
  created_at: Time,
  expires_at: Schema.NullOr(Time),
  /** To the minute. */
  last_used_at: Schema.NullOr(Time),
  /** Until when the secret before the last change is good; null where it is not any more. */
  former_until: Schema.NullOr(Time),
  version: Schema.Int
}).annotate({ identifier: "ApiKey" })
export type ApiKeyJson = typeof ApiKeyJson.Type

/** The only time that it is shown. */
export const ShownApiKey = Schema.Struct({ ...ApiKeyJson.fields, key: Schema.String }).annotate({
  identifier: "ShownApiKey"
})

/** Its end; null for none. */
const expires_at = Schema.optionalKey(Schema.NullOr(Time))

export const NewApiKey = Schema.Struct({
  name: Schema.String.check(
    Schema.isPattern(/^[^\p{Cc}]{1,100}$/u, { message: "must be 1 to 100 characters on one line" })
  ),
  scopes: Schema.Array(Schema.Literals(scopes)).check(
    Schema.makeFilter((given) =>
      given.length > 0 && new Set(given).size === given.length ? true : "must be one or more, each once"
    )
  ),
  /** In 90 days if not given. */
  expires_at
}).annotate({ identifier: "NewApiKey" })

export const RotateApiKey = Schema.Struct({
  /** How long the secret before is still good; a day if not given. */
  overlap_seconds: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 604_800 }))),
  /** As it was if not given. */
  expires_at
}).annotate({ identifier: "RotateApiKey" })
