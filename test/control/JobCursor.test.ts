import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { decodeJobCursor, encodeJobCursor } from "../../src/control/JobCursor.ts"
import { jobStatuses } from "../../src/domain/JobStatus.ts"

const id = "0b5cbd3e-3bd8-4b1c-9a6e-1b7f1f0c5a11"
const Statuses = Schema.NullOr(Schema.NonEmptyArray(Schema.Literals(jobStatuses)))
const Time = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9_007_199_254_740_991 }))

it.effect.prop(
  "comes back as it was, for the list it was made for and no other",
  [Time, Statuses, Statuses],
  ([createdAt, statuses, others]) =>
    Effect.sync(() => {
      const text = encodeJobCursor({ createdAt, id }, statuses)
      assert.match(text, /^[\w-]+$/u)
      assert.deepStrictEqual(decodeJobCursor(text, statuses), { createdAt, id })
      const isSame =
        JSON.stringify([...new Set(statuses)].sort()) === JSON.stringify([...new Set(others)].sort())
      const same = statuses === null || others === null ? statuses === others : isSame
      assert.strictEqual(decodeJobCursor(text, others) !== undefined, same)
    })
)

it.effect.prop("takes no other text", [Schema.String], ([text]) =>
  Effect.sync(() => assert.isUndefined(decodeJobCursor(text, null)))
)
