import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { decodeJobCursor, encodeJobCursor } from "../../src/control/JobCursor.ts"
import { jobStatuses } from "../../src/domain/JobStatus.ts"
import type { JobFilter } from "../../src/replay/JobStore.ts"

const id = "0b5cbd3e-3bd8-4b1c-9a6e-1b7f1f0c5a11"
const Time = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9_007_199_254_740_991 }))
const Filter = Schema.Struct({
  statuses: Schema.NullOr(Schema.NonEmptyArray(Schema.Literals(jobStatuses))),
  createdAfter: Schema.NullOr(Schema.Literals([0, 1])),
  oldestFirst: Schema.Boolean
})

const plain = ({ statuses, ...rest }: JobFilter): string =>
  JSON.stringify({ ...rest, statuses: statuses === null ? null : [...new Set(statuses)].sort() })

it.effect.prop(
  "comes back as it was, for the list it was made for and no other",
  [Time, Filter, Filter],
  ([createdAt, filter, other]) =>
    Effect.sync(() => {
      const text = encodeJobCursor({ createdAt, id }, filter)
      assert.match(text, /^[\w-]{1,200}$/u)
      assert.deepStrictEqual(decodeJobCursor(text, filter), { createdAt, id })
      assert.strictEqual(decodeJobCursor(text, other) !== undefined, plain(filter) === plain(other))
    })
)

it("takes no id that PostgreSQL would refuse", () => {
  const filter = { statuses: null, createdAfter: null, oldestFirst: false }
  for (const odd of ["-".repeat(36), `${id.slice(0, -1)}-`]) {
    const text = encodeJobCursor({ createdAt: 1, id: odd }, filter)
    assert.isUndefined(decodeJobCursor(text, filter), odd)
  }
})

it.effect.prop("takes no other text", [Schema.String, Filter], ([text, filter]) =>
  Effect.sync(() => assert.isUndefined(decodeJobCursor(text, filter)))
)
