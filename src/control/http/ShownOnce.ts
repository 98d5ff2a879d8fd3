import { Effect } from "effect"
import { invalidField } from "../InvalidField.ts"

/** The answer shows a secret, and would have to be kept to be given again. */
export const notTwice = (headers: Readonly<Record<string, string | undefined>>) =>
  headers["idempotency-key"] === undefined
    ? Effect.void
    : invalidField("Idempotency-Key", "is not taken here: the answer shows a secret, which is not kept")
