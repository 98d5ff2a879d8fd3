import { Schema } from "effect"
import { Rpc, RpcGroup, RpcMiddleware } from "effect/rpc"
import { Event } from "../../domain/Event.ts"
import {
  AuditCheckJson,
  AuditPage,
  auditFilterQuery,
  auditHeadQuery,
  auditListQuery
} from "../api/AuditApi.ts"
import { AuditJson } from "../api/AuditJson.ts"
import { EstimateJson } from "../api/EstimateJson.ts"
import { eventQuery } from "../api/EventQuery.ts"
import { pageQuery } from "../api/Fields.ts"
import { AcceptGap, GapAcceptance } from "../api/GapJson.ts"
import { SkipChange } from "../api/JobFailureJson.ts"
import { JobJson } from "../api/JobJson.ts"
import {
  JobFailurePage,
  JobHistoryPage,
  JobPage,
  JobUpdate,
  jobFailuresQuery,
  jobListQuery
} from "../api/JobsApi.ts"
import { FeedNotice } from "../api/LiveFrames.ts"
import { MetricsJson } from "../api/MetricsJson.ts"
import { NewJob } from "../api/NewJob.ts"
import type { Principal } from "../api/Principal.ts"
import {
  AccountTaken,
  Forbidden,
  GapNotThere,
  InsufficientScope,
  InvalidRequest,
  JobMissing,
  NotTheFailure,
  PreconditionFailed,
  QuotaUsedUp,
  TokenExpired,
  TooManySockets,
  TransitionRefused,
  Unauthorized,
  Unavailable,
  UserMissing
} from "../api/Problems.ts"
import { ActorsJson, DoctorJson, HeldJson, SourceJson, TargetsJson } from "../api/SystemApi.ts"
import { NewUserByAdmin, UserWithCode } from "../api/UserJson.ts"
import { UserPage } from "../api/UsersApi.ts"

/** Demands a token, the role that the table of routes asks for under the call's name, and what is left of a quota. */
export class RpcAuthorized extends RpcMiddleware.Service<RpcAuthorized, { provides: Principal }>()(
  "walstream/control/rpc/RpcAuthorized",
  {
    error: Schema.Union([
      InvalidRequest,
      Unauthorized,
      TokenExpired,
      Forbidden,
      InsufficientScope,
      QuotaUsedUp,
      Unavailable
    ])
  }
) {}

const params = { params: Schema.Struct({ id: Schema.String }) }

const action = <const Name extends "start" | "pause" | "resume" | "cancel">(name: Name) =>
  Rpc.make(`jobs.${name}`, {
    payload: params,
    success: JobJson,
    error: Schema.Union([JobMissing, TransitionRefused, Unavailable])
  })

/** One thing that comes while one watches. */
export const Watched = Schema.Union([
  Schema.Struct({ type: Schema.Literal("event"), event: Event }),
  /** Events that were dropped here, since whoever watches is too slow. */
  Schema.Struct({ type: Schema.Literal("dropped"), dropped: Schema.Int }),
  Schema.Struct({ type: Schema.Literal("notice"), notice: FeedNotice })
])
export type Watched = typeof Watched.Type

/**
 * The calls for our own clients: the same operations as over HTTP, under the names that the table of roles has for them, and
 * with the same shapes and problems. Logging in is HTTP's.
 */
export class WalstreamRpc extends RpcGroup.make(
  Rpc.make("jobs.create", {
    payload: { payload: NewJob },
    success: JobJson,
    error: Schema.Union([InvalidRequest, Unavailable])
  }),
  Rpc.make("jobs.estimate", {
    payload: { payload: NewJob },
    success: EstimateJson,
    error: Schema.Union([InvalidRequest, Unavailable])
  }),
  Rpc.make("jobs.list", {
    payload: { query: Schema.Struct(jobListQuery) },
    success: JobPage,
    error: Schema.Union([InvalidRequest, Unavailable])
  }),
  Rpc.make("jobs.get", {
    payload: params,
    success: JobJson,
    error: Schema.Union([JobMissing, Unavailable])
  }),
  Rpc.make("jobs.update", {
    payload: { ...params, payload: JobUpdate },
    success: JobJson,
    error: Schema.Union([JobMissing, PreconditionFailed, Unavailable])
  }),
  Rpc.make("jobs.remove", {
    payload: params,
    error: Schema.Union([JobMissing, PreconditionFailed, TransitionRefused, Unavailable])
  }),
  action("start"),
  action("pause"),
  action("resume"),
  action("cancel"),
  Rpc.make("jobs.failures", {
    payload: { ...params, query: Schema.Struct(jobFailuresQuery) },
    success: JobFailurePage,
    error: Schema.Union([InvalidRequest, JobMissing, Unavailable])
  }),
  Rpc.make("jobs.history", {
    payload: { ...params, query: Schema.Struct(pageQuery) },
    success: JobHistoryPage,
    error: Schema.Union([InvalidRequest, JobMissing, Unavailable])
  }),
  Rpc.make("jobs.skip", {
    payload: { ...params, payload: SkipChange },
    success: JobJson,
    error: Schema.Union([JobMissing, NotTheFailure, TransitionRefused, Unavailable])
  }),
  Rpc.make("events.recent", {
    payload: {
      query: Schema.Struct({
        ...eventQuery,
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })))
      })
    },
    success: Schema.Struct({ items: Schema.Array(Event), searched: Schema.Int }),
    error: Unavailable
  }),
  Rpc.make("events.stream", {
    payload: {
      filter: Schema.Struct(eventQuery),
      /** From behind the change at this position on. */
      after: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(64)))
    },
    success: Watched,
    error: Schema.Union([InvalidRequest, TooManySockets, Unavailable, TokenExpired, Unauthorized]),
    stream: true
  }),
  Rpc.make("system.source", { success: SourceJson }),
  Rpc.make("system.acceptGap", {
    payload: { payload: AcceptGap },
    success: GapAcceptance,
    error: Schema.Union([GapNotThere, Unavailable])
  }),
  Rpc.make("system.coverage", { success: HeldJson, error: Unavailable }),
  Rpc.make("system.metrics", { success: MetricsJson }),
  Rpc.make("system.actors", { success: ActorsJson }),
  Rpc.make("system.doctor", { success: DoctorJson }),
  Rpc.make("system.targets", { success: TargetsJson }),
  Rpc.make("users.list", {
    payload: { query: Schema.Struct(pageQuery) },
    success: UserPage,
    error: Schema.Union([InvalidRequest, Unavailable])
  }),
  Rpc.make("users.create", {
    payload: { payload: NewUserByAdmin },
    success: UserWithCode,
    error: Schema.Union([InvalidRequest, AccountTaken, Unavailable])
  }),
  Rpc.make("users.resetPassword", {
    payload: params,
    success: UserWithCode,
    error: Schema.Union([InvalidRequest, UserMissing, Unavailable])
  }),
  Rpc.make("users.removeSecondFactor", {
    payload: params,
    error: Schema.Union([InvalidRequest, UserMissing, Unavailable])
  }),
  Rpc.make("audit.list", {
    payload: { query: Schema.Struct(auditListQuery) },
    success: AuditPage,
    error: Schema.Union([InvalidRequest, Unavailable])
  }),
  Rpc.make("audit.verify", {
    payload: { query: Schema.Struct(auditHeadQuery) },
    success: AuditCheckJson,
    error: Unavailable
  }),
  /** Under the role of HTTP's; oldest first. */
  Rpc.make("audit.exportNdjson", {
    payload: { query: Schema.Struct(auditFilterQuery) },
    success: AuditJson,
    error: Unavailable,
    stream: true
  })
).middleware(RpcAuthorized) {}
