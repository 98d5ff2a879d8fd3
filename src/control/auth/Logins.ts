import { Layer } from "effect"
import { ApiKeys } from "./ApiKeys.ts"
import { Identity } from "./Identity.ts"
import { KeyHolders } from "./KeyHolders.ts"
import { LoginChanges } from "./LoginChanges.ts"
import { PasswordCodes } from "./PasswordCodes.ts"
import { SecondFactors } from "./SecondFactors.ts"
import { SessionList } from "./SessionList.ts"
import { type SessionLimits, Sessions } from "./Sessions.ts"
import { type TokenOptions, Tokens } from "./Tokens.ts"
import { UserChanges } from "./UserChanges.ts"

/** Who may come in, by what, and what becomes of that. */
export const layerLogins = (tokens: TokenOptions, sessions: SessionLimits) =>
  Layer.mergeAll(
    Identity.layer,
    SessionList.layer,
    ApiKeys.layer,
    UserChanges.layer,
    PasswordCodes.layer,
    SecondFactors.layer(tokens)
  ).pipe(
    Layer.provideMerge(Layer.mergeAll(Tokens.layer(tokens), Sessions.layer(sessions), KeyHolders.layer)),
    Layer.provideMerge(LoginChanges.layer)
  )
