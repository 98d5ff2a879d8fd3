import {
  type CallOptions,
  type ClientUnaryCall,
  logVerbosity,
  Metadata,
  makeClientConstructor,
  type requestCallback,
  setLogVerbosity
} from "@grpc/grpc-js"
import { Clock, Effect, Layer, Redacted, type Stream } from "effect"
import { Targets } from "../replay/Target.ts"
import type { TargetError } from "../replay/TargetError.ts"
import { Tracing } from "../runtime/trace/Tracing.ts"
import { tracingClient } from "./CallTraces.ts"
import type { ClientCall } from "./Conversation.ts"
import { targetErrorOf } from "./FailureWire.ts"
import { openGrpcSession } from "./GrpcSession.ts"
import {
  type ForgetJobsRequest,
  type ForgetJobsResponse,
  type ListExpiredJobsRequest,
  type ListExpiredJobsResponse,
  ReplayerService
} from "./generated/walstream/v1/replayer.ts"
import {
  type ClientTls,
  channelCredentials,
  channelOptions,
  defaultKeepalive,
  type Keepalive,
  renewing
} from "./ReplayerSecurity.ts"
import { fromWide } from "./WireNumber.ts"

export interface GrpcTargetsOptions {
  readonly host: string
  readonly port: number
  /** Null for plain text. */
  readonly tls: ClientTls | null
  /** Certificates that take the place of those in `tls`, as they come. None if not given. */
  readonly tlsRenewals?: Stream.Stream<ClientTls>
  /** The bearer token to show; null for none. */
  readonly token: Redacted.Redacted | null
  /** What the replayer's targets are called. Others are asked for all the same: it may have got new ones. */
  readonly names: ReadonlyArray<string>
  /** How long opening a target may take. Default 15 seconds: a wait for locks is part of it. */
  readonly openMillis?: number
  readonly keepalive?: Keepalive
}

/** Requests are encoded before they get here. */
const RawClient = makeClientConstructor(
  {
    replay: { ...ReplayerService.replay, requestSerialize: (bytes: Buffer) => bytes },
    listExpiredJobs: ReplayerService.listExpiredJobs,
    forgetJobs: ReplayerService.forgetJobs
  },
  "walstream.v1.Replayer"
)

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: CallOptions,
  answer: requestCallback<Response>
) => ClientUnaryCall

/** How long the replayer may take for a call that is no stream, in milliseconds. */
const answerWithin = 30_000

const ask = <Request, Response>(
  target: string,
  method: UnaryMethod<Request, Response>,
  request: Request,
  metadata: Metadata
): Effect.Effect<Response, TargetError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.callback<Response, TargetError>((resume) => {
      const call = method(request, metadata, { deadline: now + answerWithin }, (error, response) => {
        if (error !== null) resume(Effect.fail(targetErrorOf(target, error)))
        else if (response !== undefined) resume(Effect.succeed(response))
      })
      return Effect.sync(() => call.cancel())
    })
  )

/** Any size may be sent: what the replayer takes it says itself, in better words. */
const unlimited = -1

/** A replayer that comes back is found within seconds, not minutes. */
const backoff = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 2000 }

/** The targets of a replayer in another process. */
export const grpcTargets = (options: GrpcTargetsOptions): Layer.Layer<Targets> =>
  Layer.effect(
    Targets,
    Effect.gen(function* () {
      const { host, port, tls, token, names, openMillis = 15_000, keepalive = defaultKeepalive } = options
      setLogVerbosity(logVerbosity.NONE)
      const tracer = yield* Tracing
      const address = `${host.includes(":") ? `[${host}]` : host}:${port}`
      const certified = channelCredentials(tls)
      if (options.tlsRenewals !== undefined)
        yield* Effect.forkScoped(renewing(options.tlsRenewals, certified))
      const client = yield* Effect.acquireRelease(
        Effect.sync(
          () =>
            new RawClient(address, certified.credentials, {
              ...channelOptions(keepalive, unlimited),
              ...backoff,
              interceptors: tracer === null ? [] : [tracingClient(tracer)]
            })
        ),
        (opened) => Effect.sync(() => opened.close())
      )
      const metadata = new Metadata()
      if (token !== null) metadata.set("authorization", `Bearer ${Redacted.value(token)}`)
      // What the definition above makes of them.
      const replay = client["replay"]?.bind(client) as unknown as (metadata: Metadata) => ClientCall
      const list = client["listExpiredJobs"]?.bind(client) as unknown as UnaryMethod<
        ListExpiredJobsRequest,
        ListExpiredJobsResponse
      >
      const forget = client["forgetJobs"]?.bind(client) as unknown as UnaryMethod<
        ForgetJobsRequest,
        ForgetJobsResponse
      >
      return Targets.of({
        names,
        open: (target, dryRun, apply) =>
          openGrpcSession({ target, dryRun, apply, openMillis, call: () => replay(metadata) }),
        expiredJobs: (target, after, most) =>
          ask(target, list, { target, after, most }, metadata).pipe(Effect.map(({ jobIds }) => jobIds)),
        forgetJobs: (target, jobIds) =>
          ask(target, forget, { target, jobIds: [...jobIds] }, metadata).pipe(
            Effect.map(({ removed }) => fromWide(removed))
          )
      })
    })
  )
