import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import type { AuditHead } from "../audit/AuditChain.ts"
import { auditOutcomes } from "../audit/AuditEntry.ts"
import { AuditJson } from "./AuditJson.ts"
import { pageQuery, Time } from "./Fields.ts"
import { Authorized } from "./Principal.ts"
import { InvalidRequest, Unavailable } from "./Problems.ts"

const auditHeadShape = /^(\d{1,15}):([0-9a-f]{64})$/u

/** Null for none. */
export const auditHeadOf = (text: string | undefined): AuditHead | null => {
  const [, seq, hash] = auditHeadShape.exec(text ?? "") ?? []
  return seq === undefined || hash === undefined ? null : { seq: Number(seq), hash }
}

const Name = Schema.String.check(Schema.isMaxLength(300))

/** Which lines are wanted. */
const AuditFilterFields = Schema.Struct({
  /** A user's name as it was then. */
  actor: Schema.optionalKey(Name),
  action: Schema.optionalKey(Name),
  target: Schema.optionalKey(Name),
  outcome: Schema.optionalKey(Schema.Literals(auditOutcomes)),
  start: Schema.optionalKey(Time),
  /** Exclusive. */
  end: Schema.optionalKey(Time)
})
export type AuditFilterQuery = typeof AuditFilterFields.Type
export const auditFilterQuery = AuditFilterFields.fields

export const auditListQuery = {
  ...auditFilterQuery,
  ...pageQuery
}

export const auditHeadQuery = {
  /** `SEQ:HASH` of a line, as it was told at another time: it must still be that one. */
  head: Schema.optionalKey(
    Schema.String.check(
      Schema.makeFilter((text) =>
        auditHeadShape.test(text) ? true : "must be the number of a line, a colon, and its hash"
      )
    )
  )
}

export const AuditPage = Schema.Struct({
  items: Schema.Array(AuditJson),
  next_cursor: Schema.NullOr(Schema.String)
})

export const AuditCheckJson = Schema.Struct({
  intact: Schema.Boolean,
  /** How many lines were looked at. */
  entries: Schema.Int,
  /** The newest line's number and hash: kept elsewhere, they show later that everything up to there is as it was. */
  head: Schema.Struct({ seq: Schema.Int, hash: Schema.String }),
  /**
   * The first hundred. `changed`: the line is not what was written. `missing`: lines before it are not there, or not in
   * their place. `end-missing`: the newest lines are not there. `head-differs`: the line is not the one that was told.
   */
  faults: Schema.Array(
    Schema.Struct({
      seq: Schema.Int,
      fault: Schema.Literals(["changed", "missing", "end-missing", "head-differs"])
    })
  )
}).annotate({ identifier: "AuditCheck" })

/** Who did what, and who was refused. */
export class AuditApi extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: auditListQuery,
      success: AuditPage,
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Description, "Newest first."),
    HttpApiEndpoint.get("verify", "/verify", {
      query: auditHeadQuery,
      success: AuditCheckJson,
      error: Unavailable
    }).annotate(
      OpenApi.Description,
      "Whether every line is as it was written, in its place, and none is missing."
    ),
    HttpApiEndpoint.get("exportNdjson", "/export.ndjson", {
      query: auditFilterQuery,
      success: HttpApiSchema.StreamNdjson({ schema: AuditJson }),
      error: Unavailable
    }).annotate(OpenApi.Description, "All that match, oldest first, a line of JSON each."),
    HttpApiEndpoint.get("exportCsv", "/export.csv", {
      query: auditFilterQuery,
      success: HttpApiSchema.StreamUint8Array({ contentType: "text/csv" }),
      error: Unavailable
    }).annotate(
      OpenApi.Description,
      "All that match, oldest first, as CSV (RFC 4180). What a spreadsheet would run is text: it begins with an apostrophe."
    )
  )
  .middleware(Authorized)
  .prefix("/audit")
  .annotateMerge(
    OpenApi.annotations({ title: "Audit", description: "Who did what, and who was refused." })
  ) {}
