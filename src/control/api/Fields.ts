import { Schema } from "effect"
import { parseLsn } from "../../domain/Lsn.ts"
import { parseMicros } from "../../domain/Micros.ts"

/** RFC 3339, e.g. `2026-01-02T03:04:05.123456Z`; kept as text. */
export const Time = Schema.String.check(
  Schema.makeFilter((text) =>
    parseMicros(text) === undefined
      ? "must be an RFC 3339 time with at most six decimals, such as 2026-01-02T03:04:05Z"
      : true
  )
).annotate({ format: "date-time" })

export const LsnText = Schema.String.check(
  Schema.makeFilter((text) => (parseLsn(text) === undefined ? "must be an LSN such as 16/B374D848" : true))
).annotate({ examples: ["16/B374D848"] })

export const TableName = Schema.String.check(
  Schema.makeFilter((text) => (/^[^.]+\..+$/u.test(text) ? true : "must be schema.table"))
).annotate({ examples: ["public.orders"] })

/** The opaque end of a page. */
export const Cursor = Schema.String.check(Schema.isMaxLength(200))

/** Of lists in order of creation. */
export const pageQuery = {
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 200 }))),
  cursor: Schema.optionalKey(Cursor)
}

/** Of anything but a job, in a path. */
export const Id = Schema.String.check(
  Schema.isPattern(/^[\w-]{1,64}$/u, { message: "must be an id as the API gives it" })
)
