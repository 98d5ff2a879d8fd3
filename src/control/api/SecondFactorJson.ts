import { Schema } from "effect"

export const SecondFactorJson = Schema.Struct({
  is_on: Schema.Boolean,
  /** Of the ten that there were; each is good once. */
  recovery_codes_left: Schema.Int
}).annotate({ identifier: "SecondFactor" })
export type SecondFactorJson = typeof SecondFactorJson.Type

/** What an authenticator app takes: by hand, or as an address. */
export const NewSecondFactor = Schema.Struct({
  /** Base32. */
  secret: Schema.String,
  otpauth_uri: Schema.String
}).annotate({ identifier: "NewSecondFactor" })
export type NewSecondFactor = typeof NewSecondFactor.Type

export const RecoveryCodes = Schema.Struct({ recovery_codes: Schema.Array(Schema.String) }).annotate({
  identifier: "RecoveryCodes"
})

/** Of an app, or a recovery code; with blanks and dashes or without. */
export const SecondFactorCode = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100))
