import { Schema } from "effect"
import { Event } from "../../domain/Event.ts"
import { eventQuery } from "./EventQuery.ts"
import { JobJson } from "./JobJson.ts"
import { MetricsJson } from "./MetricsJson.ts"

/*
 * What goes over `events/ws`, as JSON text. Frames and fields may be added: clients pass over what they do not know.
 */

/** As the feed has a change. */
export const LiveEventJson = Schema.Struct({
  ...Event.fields,
  /** It is too large for a frame: here is its head, and where the whole of it is. */
  cut: Schema.optionalKey(Schema.Struct({ bytes: Schema.Int, href: Schema.String }))
}).annotate({ identifier: "LiveEvent" })
export type LiveEventJson = typeof LiveEventJson.Type

/** Something about the feed itself. */
export const FeedNotice = Schema.Union([
  /** Transactions that the live buffer does not hold, or no more: `until_seq` is exclusive. */
  Schema.Struct({ code: Schema.Literal("missing"), from_seq: Schema.Int, until_seq: Schema.Int }),
  /** The live buffer does not answer; the feed waits for it. */
  Schema.Struct({ code: Schema.Literal("away") }),
  Schema.Struct({ code: Schema.Literal("back") })
])
export type FeedNotice = typeof FeedNotice.Type

const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64))

const channels = ["events", "jobs", "metrics", "messages"] as const

/** From the client. */
export const ClientFrame = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("subscribe"),
    /** The client's own name for it, in every frame of it. */
    id: Id,
    channel: Schema.Literals(channels),
    /** Channel `events` only. */
    filter: Schema.optionalKey(Schema.Struct(eventQuery)),
    /** Channel `events` only: from behind the change at this position on. */
    after: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(64)))
  }),
  Schema.Struct({ type: Schema.Literal("unsubscribe"), id: Id })
])
export type ClientFrame = typeof ClientFrame.Type

/** To the client. */
export const ServerFrame = Schema.Union([
  Schema.Struct({ type: Schema.Literal("subscribed"), id: Id, channel: Schema.Literals(channels) }),
  Schema.Struct({
    type: Schema.Literal("events"),
    id: Id,
    /** 1, 2, 3 … of this subscription. */
    seq: Schema.Int,
    batch: Schema.Array(LiveEventJson),
    /** Events that were dropped since the frame before, since this client was too slow. */
    dropped: Schema.Int,
    /** The newest change that was looked at: from behind it one resumes. */
    cursor: Schema.NullOr(Schema.String)
  }),
  Schema.Struct({ type: Schema.Literal("notice"), id: Id, notice: FeedNotice }),
  Schema.Struct({
    type: Schema.Literal("job"),
    id: Id,
    job_id: Schema.String,
    /** Null when it was deleted. */
    job: Schema.NullOr(JobJson)
  }),
  /** Each second. */
  Schema.Struct({ type: Schema.Literal("metrics"), id: Id, metrics: MetricsJson }),
  /** A non-transactional `pg_logical_emit_message`. */
  Schema.Struct({
    type: Schema.Literal("message"),
    id: Id,
    lsn: Schema.String,
    prefix: Schema.String,
    /** In base64. */
    content: Schema.String
  }),
  Schema.Struct({ type: Schema.Literal("heartbeat"), time: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("error"),
    /** The subscription that it is about; null for none. */
    id: Schema.NullOr(Schema.String),
    code: Schema.Literals([
      "invalid_frame",
      "too_many_subscriptions",
      "id_taken",
      "unknown_cursor",
      "unavailable",
      "not_here"
    ]),
    message: Schema.String
  })
])
export type ServerFrame = typeof ServerFrame.Type

/** Why the server ends a socket. */
export const closeCodes = { expired: 4401, forbidden: 4403, slow: 4408, restart: 1012 } as const
