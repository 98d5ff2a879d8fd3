import { Effect } from "effect"
import { invalidField } from "../InvalidField.ts"

/** Whoever sends the key counts on it: where it does nothing it is refused. */
const refusesKey = (why: string) => (headers: Readonly<Record<string, string | undefined>>) =>
  headers["idempotency-key"] === undefined
    ? Effect.void
    : invalidField("Idempotency-Key", `is not taken here: ${why}`)

/** The answer shows a secret, and would have to be kept to be given again. */
export const notTwice = refusesKey("the answer shows a secret, which is not kept")

/** A key is its owner's, and who registers is nobody yet. */
export const nobodysYet = refusesKey("whoever registers again is told that the name is taken")
