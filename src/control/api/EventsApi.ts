import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Event } from "../../domain/Event.ts"
import { storeKinds } from "../../domain/Job.ts"
import { CoverageJson } from "./CoverageJson.ts"
import { eventQuery } from "./EventQuery.ts"
import { Cursor, Time } from "./Fields.ts"
import { LiveEventJson } from "./LiveFrames.ts"
import { Authorized, takesQueryCredentials } from "./Principal.ts"
import {
  EventMissing,
  InvalidRequest,
  OriginRefused,
  TooManySockets,
  TransactionMissing,
  Unavailable
} from "./Problems.ts"

/** For who cannot set a header. */
const credentials = {
  /** From `POST ws-tickets`. */
  ticket: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100))),
  /** An access token. */
  token: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(4000)))
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
    }).annotate(OpenApi.Description, "How full the live buffer is, and what it holds without a hole."),
    HttpApiEndpoint.get("volume", "/volume", {
      query: {
        start: Time,
        end: Time,
        /** 60 if not given. */
        buckets: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 120 })))
      },
      success: Schema.Struct({
        items: Schema.Array(
          Schema.Struct({
            start: Schema.String,
            /** Exclusive. */
            end: Schema.String,
            transactions: Schema.Int,
            changes: Schema.Int
          })
        ),
        /** What the archive holds: beyond it a bucket is empty because nothing is known. */
        coverage: CoverageJson
      }),
      error: [InvalidRequest, Unavailable]
    }).annotate(
      OpenApi.Description,
      "How much was committed, by stretches of equal length: what a window over them would replay. 503 where it cannot be counted within ten seconds."
    ),
    HttpApiEndpoint.get("transaction", "/transactions/:seq", {
      params: { seq: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })) },
      query: {
        /** 100 if not given. */
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))),
        cursor: Schema.optionalKey(Cursor),
        /** The ordinal to begin with, where no cursor is given. */
        from: Schema.optionalKey(
          Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
        )
      },
      success: Schema.Struct({
        seq: Schema.Int,
        incarnation: Schema.Int,
        xid: Schema.Int,
        commit_lsn: Schema.String,
        commit_time: Schema.String,
        /** The replication origin that it was applied under at the source, if any. */
        origin: Schema.NullOr(Schema.String),
        /** How many changes it has. */
        tx_count: Schema.Int,
        items: Schema.Array(Event),
        next_cursor: Schema.NullOr(Schema.String)
      }).annotate({ identifier: "Transaction" }),
      error: [InvalidRequest, TransactionMissing, Unavailable]
    }).annotate(OpenApi.Description, "All changes of one commit, in order."),
    HttpApiEndpoint.get("event", "/:position", {
      params: { position: Schema.String.check(Schema.isMaxLength(64)) },
      success: Event,
      error: [EventMissing, Unavailable]
    }).annotate(
      OpenApi.Description,
      "One change, by its position: from the archive, or from the live buffer while that is away."
    ),
    HttpApiEndpoint.get("ws", "/ws", {
      query: credentials,
      success: HttpApiSchema.Empty(101),
      error: [OriginRefused, TooManySockets]
    })
      .annotate(takesQueryCredentials, true)
      .annotate(
        OpenApi.Description,
        "A WebSocket: changes, jobs and metrics as they happen. Its frames: docs/live.md."
      ),
    HttpApiEndpoint.get("stream", "/stream", {
      query: {
        ...eventQuery,
        ...credentials,
        /** From behind the change at this position on. `Last-Event-ID` goes before it. */
        after: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(64)))
      },
      headers: { "last-event-id": Schema.optionalKey(Schema.String.check(Schema.isMaxLength(64))) },
      success: HttpApiSchema.StreamSse({ data: LiveEventJson }),
      error: [InvalidRequest, OriginRefused, TooManySockets, Unavailable]
    })
      .annotate(takesQueryCredentials, true)
      .annotate(
        OpenApi.Description,
        "Changes as they are captured, as server-sent events `change`, with `dropped`, `notice` and `end` between them: docs/live.md."
      )
  )
  .middleware(Authorized)
  .prefix("/events")
  .annotateMerge(OpenApi.annotations({ title: "Events", description: "Captured changes." })) {}
