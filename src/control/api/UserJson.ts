import { Schema } from "effect"
import { Time } from "./Fields.ts"
import { roles } from "./Role.ts"

export const UserJson = Schema.Struct({
  id: Schema.String,
  username: Schema.String,
  /** Null for who was made at the first start, or without one. */
  email: Schema.NullOr(Schema.String),
  role: Schema.Literals(roles),
  is_active: Schema.Boolean,
  created_at: Time,
  version: Schema.Int
}).annotate({ identifier: "User" })
export type UserJson = typeof UserJson.Type

/** What an admin may change of it. */
export const UserUpdate = Schema.Struct({
  role: Schema.optionalKey(Schema.Literals(roles)),
  is_active: Schema.optionalKey(Schema.Boolean)
}).annotate({ identifier: "UserUpdate" })
export type UserUpdate = typeof UserUpdate.Type

/** Visible, on one line, and without what looks like something else. */
const UserName = Schema.String.check(
  Schema.isPattern(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u, {
    message: "must be 1 to 64 letters, digits, or . _ @ + -, beginning with a letter or digit"
  })
)

const Email = Schema.String.check(
  Schema.isMaxLength(254),
  Schema.isPattern(/^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u, { message: "must be an e-mail address" })
)

/** Of one that an admin makes: the password is its own to choose. */
export const NewUserByAdmin = Schema.Struct({
  username: UserName,
  email: Schema.optionalKey(Schema.NullOr(Email)),
  role: Schema.Literals(roles)
}).annotate({ identifier: "NewUserByAdmin" })
export type NewUserByAdmin = typeof NewUserByAdmin.Type

/** With the code by which it gives itself a password, once. */
export const UserWithCode = Schema.Struct({
  ...UserJson.fields,
  code: Schema.String,
  code_expires_at: Time
}).annotate({ identifier: "UserWithCode" })
export type UserWithCode = typeof UserWithCode.Type

/** Any characters; no rules but length (ASVS 6.2), and that it is none that is tried first. */
export const NewPassword = Schema.String.check(Schema.isMinLength(8), Schema.isMaxLength(1000))

export const NewUser = Schema.Struct({ username: UserName, email: Email, password: NewPassword }).annotate({
  identifier: "NewUser"
})
export type NewUser = typeof NewUser.Type
