import { Schema } from "effect"
import type { AuditFilterQuery } from "../../../../src/control/api/AuditApi.ts"
import { auditOutcomes } from "../../../../src/control/audit/AuditEntry.ts"

/** The page's state in its address; what is empty does not filter. */
export const auditShape = {
  fields: {
    actor: Schema.String,
    action: Schema.String,
    target: Schema.String,
    outcome: Schema.Union([Schema.Literals(auditOutcomes), Schema.Literal("")]),
    /** RFC 3339. */
    start: Schema.String,
    end: Schema.String,
    cursor: Schema.String
  },
  defaults: { actor: "", action: "", target: "", outcome: "", start: "", end: "", cursor: "" }
} as const

type Fields = typeof auditShape.fields
type All = { readonly [K in keyof Fields]: Fields[K]["Type"] }
export type AuditSearch = Omit<All, "cursor">

const isTime = (text: string): boolean => text !== "" && !Number.isNaN(Date.parse(text))

/** What the API is asked for. */
export const auditFilterOf = ({
  actor,
  action,
  target,
  outcome,
  start,
  end
}: AuditSearch): AuditFilterQuery => ({
  ...(actor === "" ? {} : { actor }),
  ...(action === "" ? {} : { action }),
  ...(target === "" ? {} : { target }),
  ...(outcome === "" ? {} : { outcome }),
  ...(isTime(start) ? { start } : {}),
  ...(isTime(end) ? { end } : {})
})
