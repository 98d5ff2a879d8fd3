import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { operations } from "../../domain/Change.ts"
import { Event } from "../../domain/Event.ts"
import { storeKinds } from "../../domain/Job.ts"
import { CoverageJson } from "./CoverageJson.ts"
import { Authorized } from "./Principal.ts"
import { Unavailable } from "./Problems.ts"

/** Which recent events are wanted. */
const eventQuery = {
  /** `schema.table`, or a table's name in any schema. */
  table: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200))),
  operation: Schema.optionalKey(Schema.Literals(operations)),
  /** A key's value as text, of any key column. */
  key: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000))),
  /** Part of any value, column or table name; upper and lower case are the same. */
  text: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1000)))
}

/** The recent tail of what was captured. */
export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("recent", "/recent", {
      query: {
        ...eventQuery,
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })))
      },
      success: Schema.Struct({
        /** Newest first. */
        items: Schema.Array(Event),
        /** How many of the newest events were looked at. */
        searched: Schema.Int
      }),
      error: Unavailable
    }).annotate(OpenApi.Description, "The newest events of the live buffer that match, newest first."),
    HttpApiEndpoint.get("stats", "/stream/stats", {
      success: Schema.Struct({
        store: Schema.Literals(storeKinds),
        changes: Schema.Int,
        bytes: Schema.Int,
        max_changes: Schema.Int,
        coverage: CoverageJson
      }),
      error: Unavailable
    }).annotate(OpenApi.Description, "How full the live buffer is, and what it holds without a hole.")
  )
  .middleware(Authorized)
  .prefix("/events")
  .annotateMerge(OpenApi.annotations({ title: "Events", description: "Captured changes." })) {}
