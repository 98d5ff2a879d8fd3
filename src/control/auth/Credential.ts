import { isKeyLike } from "./ApiKeyText.ts"

/** By their names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>

export interface Credential {
  readonly text: string
  /** Else an access token. */
  readonly isKey: boolean
}

/** What is shown as `Authorization: Bearer` or as `X-API-Key`; null for nothing. */
export const shownIn = (headers: Headers): Credential | null | "several" => {
  const { authorization, "x-api-key": key } = headers
  const bearer = /^Bearer +(\S+)$/iu.exec(authorization ?? "")?.[1]
  if (key !== undefined) return authorization === undefined ? { text: key, isKey: true } : "several"
  return bearer === undefined ? null : { text: bearer, isKey: isKeyLike(bearer) }
}
